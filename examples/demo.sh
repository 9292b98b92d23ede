#!/usr/bin/env bash
# demo.sh PROGRAMS [MEGABYTES]: shows a CurveCP service and its clients on this machine. PROGRAMS is
# the directory of curvecpserver and its companions.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
programs=$(readlink -f "${1:?usage: demo.sh PROGRAMS [MEGABYTES]}")
bytes=$((${2:-100} * 1000000))
PATH=$programs:$PATH
readonly name=demo.example extension=31415926535897932384626433832795 ip=127.0.0.1
work=$(mktemp -d)
server=

cleanup() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

fail() {
    echo "demo: $*" >&2
    if [ -s "$work/server.log" ]; then sed 's/^/  server: /' "$work/server.log" >&2; fi
    exit 1
}

line() { printf '  %-14s %s\n' "$1" "$2"; }
now() { echo "${EPOCHREALTIME/[^0-9]/}"; } # in microseconds
checksum() { sha256sum "$1" | cut -c 1-64; }

# A free port is one on which the server stays.
start_server() {
    local attempt
    for attempt in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 20000))
        curvecpserver -v "$name" "$work/server" "$ip" "$port" "$extension" \
            curvecpmessage "$here/demo_service.sh" "$work" >"$work/server.log" 2>&1 &
        server=$!
        sleep 0.3
        if kill -0 "$server" 2>/dev/null; then return; fi
        wait "$server" || true
    done
    server=
    fail "the server does not start, $attempt times"
}

# client WISH: one connection, for what demo_service.sh can do.
client() {
    timeout 120 curvecpclient -c "$work/client" "$name" "$server_key" "$ip" "$port" "$extension" \
        curvecpmessage -C "$here/demo_client.sh" "$1" "$work" 2>"$work/client.log" ||
        fail "the client failed: $(tail -n 1 "$work/client.log")"
}

# transfer LABEL WISH: times the WISH, which makes a copy of the original.
transfer() {
    local started took copy=$work/$2ed
    started=$(now)
    client "$2"
    took=$(($(now) - started))
    [ "$(stat -c %s "$copy")" -eq "$bytes" ] || fail "$2: $(stat -c %s "$copy") bytes arrived of $bytes"
    [ "$(checksum "$copy")" = "$original" ] || fail "$2: other bytes arrived than were sent"
    line "$1" "$(printf '%d bytes in %d.%02d s, %d MB/s, SHA-256 equal on both sides' \
        "$bytes" $((took / 1000000)) $((took / 10000 % 100)) $((bytes / took)))"
}

# What -v told of the connection that is over; a key's first digits will do.
show_log() {
    local label="server's log" said
    for _ in $(seq 30); do
        if grep -q ' end' "$work/server.log"; then break; fi
        sleep 0.1
    done
    sed -n "s/.*\(connection [0-9]\)/\1/; s/$client_key/${client_key:0:12}.../; /^connection/p" "$work/server.log" |
        fold -s -w 92 | while IFS= read -r said; do
            line "$label" "$said"
            label=
        done
}

curvecpmakekey "$work/server"
curvecpmakekey "$work/client"
server_key=$(curvecpprintkey "$work/server")
client_key=$(curvecpprintkey "$work/client")
head -c "$bytes" /dev/urandom >"$work/original"
original=$(checksum "$work/original")
start_server

echo
echo "A service under curvecpserver, on $ip port $port"
line "server key" "$server_key"
line "client key" "$client_key"

echo
echo "The client asks the service who is calling"
answer=$(client who)
grep -q "$client_key" <<<"$answer" || fail "the service does not know the client's key: $answer"
while IFS= read -r said; do line "service" "$said"; done <<<"$answer"
show_log

echo
echo "$((bytes / 1000000)) MB of random bytes"
transfer "to client" download
transfer "to server" upload

echo
echo "A line there and back, 1000 times"
client echo | sort -n >"$work/echoes"
[ "$(wc -l <"$work/echoes")" -eq 1000 ] || fail "only $(wc -l <"$work/echoes") lines came back"
line "median" "$(sed -n 500p "$work/echoes") us (99 of 100 within $(sed -n 990p "$work/echoes") us)"
echo
