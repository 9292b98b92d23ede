#!/usr/bin/env bash
# Each rule of layering.sh finds a breach that is planted in a small tree, and nothing in the clean one.
set -euo pipefail
layering=$(dirname "$(readlink -f "$0")")/layering.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

clean_tree() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{curvecp/{core,posix},daemon,client}
    printf '#include <sodium.h>\n' >"$tree/curvecp/core/box.cpp"
    printf '#include <ev.h>\n' >"$tree/curvecp/posix/event_loop.cpp"
    printf 'auto now() { return std::chrono::steady_clock::now(); }\n' >"$tree/curvecp/posix/clock.cpp"
    printf 'curvecp_library(daemon_logic SOURCES server.cpp LIBS curvecp_core)\n' >"$tree/daemon/CMakeLists.txt"
    printf 'curvecp_program(curvecpserver SOURCES main.cpp server_loop.cpp)\n' >>"$tree/daemon/CMakeLists.txt"
    printf '#include "curvecp/core/box.hpp"\nServer(const Server&) = delete; // a new day, time()\n' >"$tree/daemon/server.cpp"
    printf '#include "curvecp/posix/clock.hpp"\n#include <sstream>\n' >"$tree/daemon/server_loop.cpp"
    printf '#include <sodium.h>\n#include <unistd.h>\n' >"$tree/daemon/main.cpp"
}

# planted FILE LINE: layering.sh must fail and name FILE.
planted() {
    clean_tree
    printf '%s\n' "$2" >>"$tree/$1"
    if "$layering" "$tree" >"$tree/said" 2>&1 || ! grep -q "$1" "$tree/said"; then
        echo "not found: '$2' in $1" >&2
        failures=$((failures + 1))
    fi
}

clean_tree
"$layering" "$tree" || { echo "the clean tree is said to break a rule" >&2; exit 1; }

planted daemon/server.cpp '#include <sodium.h>'
planted curvecp/posix/pipe.cpp '#include <ev.h>'
planted curvecp/posix/pipe.cpp '#include <iostream>'
planted client/main.cpp '#include <sstream>'
planted curvecp/core/frame.hpp '#include "curvecp/posix/fd.hpp"'
planted curvecp/posix/fd.hpp '#include "daemon/server.hpp"'
planted client/main.cpp '#include "daemon/server.hpp"'
planted daemon/server.hpp '#include <unistd.h>'
planted daemon/connection_table.hpp '#include <sys/socket.h>'
planted curvecp/core/cookie.cpp '#include <sys/mman.h>'
planted daemon/server.cpp '#include "curvecp/posix/udp_socket.hpp"'
planted daemon/server.cpp 'auto t = std::chrono::steady_clock::now();'
planted daemon/server_loop.cpp '    clock_gettime(CLOCK_MONOTONIC, &t);'
planted daemon/server_loop.cpp '    auto t = time(nullptr);'
planted daemon/server.cpp 'for (auto x : std::views::iota(0, 3)) f(x);'
planted daemon/server.cpp 'std::shared_ptr<Connection> connection;'
planted daemon/server.cpp '    auto* table = new Table();'
planted daemon/server.cpp '    delete table;'
planted daemon/server.cpp 'delete[] table;'

[ "$failures" -eq 0 ] || { echo "layering_selftest: $failures breaches were not found" >&2; exit 1; }
echo "layering_selftest: every planted breach is found"
