#!/usr/bin/env bash
# demo_client.sh WISH DIRECTORY: the other end of demo_service.sh, as curvecpmessage -C starts it: the
# stream is read from descriptor 6 and written to 7.
set -euo pipefail

case $1 in
    who)
        echo who >&7
        exec 7>&-
        cat <&6
        ;;
    download)
        echo download >&7
        exec 7>&-
        cat <&6 >"$2/downloaded"
        ;;
    upload)
        { echo upload && cat "$2/original"; } >&7
        exec 7>&-
        read -r said <&6
        [ "$said" = received ]
        ;;
    echo) # prints the time of each of 1000 round trips
        echo echo >&7
        for ((i = 0; i < 1000; i++)); do
            sent=${EPOCHREALTIME/[^0-9]/}
            echo hello >&7
            read -r _ <&6
            echo $((${EPOCHREALTIME/[^0-9]/} - sent))
        done
        exec 7>&-
        ;;
esac
