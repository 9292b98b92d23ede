#!/usr/bin/env bash
# layering.sh [ROOT]: who may include whom, and what the code never does: finds the lines that break
# the rules of ARCHITECTURE.md.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "${1:-$here/../..}"

readonly programs='daemon messagehandler client control keytools'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/found"

# All lines of the product as "file:line:text", without comments and what stands in quotes (the
# names of included files stay).
product_lines() {
    local directory
    for directory in curvecp $programs; do
        if [ -d "$directory" ]; then find "$directory" -name '*.[ch]pp' -type f; fi
    done | sort | xargs -r grep -Hn '' |
        sed -E '/^[^:]*:[0-9]+: *#include/!s/"([^"\\]|\\.)*"/""/g; s,//.*,,'
}

# breaks RULE PATTERN inside|outside FILES [EXCEPT]: lines with PATTERN in files that match FILES, or
# in those that don't, are breaches of RULE; never in files that match EXCEPT.
breaks() {
    rule=$1 pattern=$2 side=$3 files=$4 except=${5:-^$} awk '
        {
            file = $0; sub(/:.*/, "", file)
            text = $0; sub(/^[^:]*:[0-9]+:/, "", text)
            where = file ~ ENVIRON["files"] ? "inside" : "outside"
        }
        where == ENVIRON["side"] && file !~ ENVIRON["except"] && text ~ ENVIRON["pattern"] {
            print ENVIRON["rule"] ": " $0
        }' "$work/lines" >>"$work/found"
}

product_lines >"$work/lines"
if [ ! -s "$work/lines" ]; then
    echo "layering: no sources here: $PWD" >&2
    exit 1
fi

# Libraries, each behind few doors.
breaks "<sodium.h> is for core's key, box and hash files and where a program starts" \
    '#include *<sodium' outside \
    '^curvecp/core/(box|secret|keys|random|key_arena|nonce|long_term_nonce|[a-z_]*hash[a-z_]*)\.|/main\.cpp$'
breaks "<ev.h> is for posix/event_loop" '#include *<ev([+][+])?\.h' outside '^curvecp/posix/event_loop\.'
streams='<([io]?stream|iostream|[fs]stream|iomanip|locale|codecvt|regex|filesystem)>'
breaks "no iostreams in a handler: their locales are 70 KiB of private memory for each connection" \
    "#include *$streams" inside '^(curvecp|messagehandler|client)/'

# Parts: programs stand on curvecp/, which knows nothing of them, and never on each other.
breaks "curvecp/ knows no program" '#include *"(daemon|messagehandler|client|control|keytools)/' inside '^curvecp/'
for program in $programs; do
    others=$(tr ' ' '\n' <<<"$programs" | grep -vx "$program" | paste -sd '|')
    breaks "programs never include each other" "#include *\"($others)/" inside "^$program/"
done

# The pure half: time comes in, decisions go out, the kernel is not there.
kernel='<(unistd|fcntl|poll|signal|spawn|sched|netdb|errno|pthread|termios|pwd|grp|time|ev)\.h>'
kernel+='|<(sys|net|netinet|linux)/|<(thread|mutex|condition_variable|filesystem|fstream|iostream|csignal|ctime|cerrno)>'
kernel+='|"curvecp/posix/'
pure=$("$here/pure_files.sh" "$PWD" | paste -sd '|')
breaks "a pure file sees no kernel, no log and no posix/" "#include *($kernel)" inside "^($pure)\$"

# Never.
clock='::now *\(|(clock_gettime|gettimeofday|ev_now|ev_time) *\('
clock+='|(^|[^_a-zA-Z0-9.>])time *\( *(nullptr|NULL|0|&)'
breaks "the clock is read in posix/clock alone; elsewhere time is an argument" "$clock" outside \
    '^curvecp/posix/(clock|event_loop)\.'
breaks "no std::views: clang 14 cannot read libstdc++'s" 'std::(ranges::)?views' inside '.'
breaks "no shared_ptr: everything has one owner" 'shared_ptr' inside '.'
breaks "no naked new" '(^|[^_a-zA-Z0-9])new +[a-zA-Z_:]' inside '.'
breaks "no naked delete" '(^|[^=_a-zA-Z0-9] *|[^=] )delete(\[\])? +[a-zA-Z_*(]' inside '.'

if [ -s "$work/found" ]; then
    sort -u "$work/found" >&2
    echo "layering: $(sort -u "$work/found" | wc -l) breaches" >&2
    exit 1
fi
echo "layering: $(cut -d: -f1 "$work/lines" | sort -u | wc -l) files keep the rules"
