#!/usr/bin/env bash
# No source has more than 400 lines: a longer one is two.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/lint/sources.sh cxx | xargs -r wc -l | awk '
    $2 != "total" && $1 > 400 { print "size: " $2 " has " $1 " lines" > "/dev/stderr"; long = 1 }
    END { exit long }'
echo "size: no source is over 400 lines"
