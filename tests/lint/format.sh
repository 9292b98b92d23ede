#!/usr/bin/env bash
# Every C++ file is as .clang-format says; `./run format` makes it so.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/lint/sources.sh cxx | xargs -r clang-format --dry-run -Werror
echo "format: $(tests/lint/sources.sh cxx | wc -l) files are as clang-format has them"
