#!/usr/bin/env bash
# No shell script of the project gives shellcheck anything to say.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/lint/sources.sh shell | xargs shellcheck
echo "shell: $(tests/lint/sources.sh shell | wc -l) scripts pass shellcheck"
