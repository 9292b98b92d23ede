#!/usr/bin/env bash
# Manual pages are free of mandoc's errors and warnings.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/lint/sources.sh man | xargs -r mandoc -T lint -W warning
echo "man_pages: $(tests/lint/sources.sh man | wc -l) pages pass mandoc"
