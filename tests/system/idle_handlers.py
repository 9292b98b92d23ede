"""A connection on which nothing happens costs little memory: in its handler, and in the server."""

import pathlib
import re
import statistics

from endpoint import Endpoint
from footprint import memory_kib, wait_for_children, wait_for_quiet
from suite import Case, main, wait_until
from visitor import Visitor

HANDLERS = 24
PRIVATE_KIB = 104  # for a handler; 93 when this was written, and 162 with iostreams
FIRST, LATER = 100, 500
SERVER_BYTES = 1000  # for a connection; 762 when this was written, and 1114 with maps of nodes


def private_kib(pid):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(map(int, re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.MULTILINE)))


class Idle(Case):
    def test_a_handler_that_has_nothing_to_do_has_little_memory(self):
        server = self.serve("curvecpmessage", "cat")
        talk = 'echo hello >&7; read -r line <&6; echo "$line"; exec cat <&6'
        for client in [self.hold(server, "curvecpmessage", "-C", "sh", "-c", talk)
                       for _ in range(HANDLERS)]:
            self.assertEqual(client.stdout.readline(), "hello\n")
        handlers = server.handlers()
        self.assertEqual(len(handlers), HANDLERS)
        wait_for_quiet(*handlers)
        each = statistics.median(map(private_kib, handlers))
        print(f"a handler: {each} KiB", flush=True)
        self.assertLessEqual(each, PRIVATE_KIB)

    def test_a_connection_costs_the_server_little_memory(self):
        server = self.serve("sh", "-c", "exec cat </proc/self/fd/8 >/proc/self/fd/9", options=("-c", str(FIRST + LATER)))
        endpoint = Endpoint(self, (server.ip, server.port))
        self.connect_by_hand(server, endpoint, FIRST)
        before = self.settled_memory(server, FIRST)
        self.connect_by_hand(server, endpoint, LATER)
        grown = self.settled_memory(server, FIRST + LATER) - before
        print(f"a connection: {1024 * grown / LATER:.0f} bytes", flush=True)
        self.assertLessEqual(1024 * grown / LATER, SERVER_BYTES)
        server.end_handlers()

    def connect_by_hand(self, server, endpoint, count):
        """Each says something and hears it again, so that all that a connection needs is there."""
        for _ in range(count):
            Visitor(self, server, endpoint=endpoint).greet().enter().echo()

    def settled_memory(self, server, connections):
        wait_for_children(server, connections)
        wait_for_quiet(server.pid)
        return memory_kib(server.pid)


if __name__ == "__main__":
    main()
