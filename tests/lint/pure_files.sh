#!/usr/bin/env bash
# pure_files.sh [ROOT]: the pure half of the product, one file a line: curvecp/ but for posix/, and
# of each program what CMake puts into its *_logic library. A header belongs to the source of its
# name; one without a source is pure.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

readonly programs='daemon messagehandler client control keytools'

# The sources around a program's pure half, without their endings: all that CMake does not put into
# a *_logic library, or all where there is none.
shell_sources() {
    local program
    for program in $programs; do
        [ -f "$program/CMakeLists.txt" ] || continue
        if ! grep -q '_logic\b' "$program/CMakeLists.txt"; then
            echo "$program/[a-z_]+"
            continue
        fi
        sed 's/#.*//' "$program/CMakeLists.txt" | tr '() \t' '\n' | awk -v program="$program" '
            /^(curvecp_program|curvecp_library|add_executable|add_library)$/ { expect_name = 1; next }
            expect_name && NF { pure = /_logic$/; expect_name = 0; next }
            /\.cpp$/ && !pure { sub(/\.cpp$/, ""); print program "/" $0 }'
    done
}

for directory in curvecp $programs; do
    if [ -d "$directory" ]; then find "$directory" -name '*.[ch]pp' -type f; fi
done | sort | grep -vE "^(curvecp/posix/.*|$(shell_sources | paste -sd '|'))\\.[ch]pp\$"
