#!/bin/sh
# demo_service.sh DIRECTORY: a service as curvecpmessage starts it, a stream on its standard input and
# output. It reads one line and does what that line asks for.
read -r wish
case $wish in
    who)
        echo "You are ${CURVECPREMOTEPK:-unknown}"
        echo "from ${CURVECPREMOTEIP:-?} port ${CURVECPREMOTEPORT:-?}. I am ${CURVECPSERVERNAME:-?}, and it is $(date +%T)."
        ;;
    download) exec cat "$1/original" ;;
    upload)
        cat >"$1/uploaded"
        echo received
        ;;
    echo) exec cat ;;
esac
