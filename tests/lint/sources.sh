#!/usr/bin/env bash
# sources.sh cxx|shell|man [ROOT]: the project's own files of a kind, one a line.
set -euo pipefail
cd "${2:-$(dirname "$0")/../..}"

files() { find . \( -path ./build -o -path ./.git \) -prune -o -type f "$@" -print | sed 's|^\./||' | sort; }

case ${1:-} in
    cxx) files \( -name '*.cpp' -o -name '*.hpp' \) ;;
    shell)
        files -size -200k | while IFS= read -r file; do
            if head -n 1 "$file" | grep -Eaq '^#!.*[/ ](ba)?sh\b'; then echo "$file"; fi
        done
        ;;
    man) files -path './man/*.[1-8]' ;;
    *)
        echo "usage: sources.sh cxx|shell|man [ROOT]" >&2
        exit 100
        ;;
esac
