"""A server's life: its addresses, its limit, what -v tells, that nothing is left behind, and its end."""

import os
import signal
import socket
import time

from suite import HANDLER, Case, descendants, main, open_descriptors, wait_until


class Addresses(Case):
    def assert_serves(self, server, ip):
        self.assertEqual(self.ask(server, f"over {ip}", ip=ip, limit=10), f"over {ip}\n")

    def test_a_server_on_ipv6(self):
        self.assert_serves(self.serve("curvecpmessage", "cat", ip="::1"), "::1")

    def test_a_server_on_all_of_ipv6_serves_ipv4_too(self):
        server = self.serve("curvecpmessage", "cat", ip="::")
        for ip in ("::1", "127.0.0.1", "127.0.0.9"):
            self.assert_serves(server, ip)

    def test_replies_leave_from_the_address_that_was_written_to(self):
        server = self.serve("curvecpmessage", "cat", ip="0.0.0.0")
        for ip in ("127.0.0.5", "127.0.0.1"):  # the client compares
            self.assert_serves(server, ip)

    def test_the_handler_learns_the_address_that_was_written_to(self):
        for ip, asked in (("0.0.0.0", "127.0.0.7"), ("::", "127.0.0.8"), ("::", "::1")):
            with self.subTest(bound=ip, asked=asked):
                server = self.serve("curvecpmessage", "sh", "-c",
                                    'read -r x; echo "$CURVECPLOCALIP $CURVECPREMOTEIP"', ip=ip)
                self.assertEqual(self.ask(server, ip=asked).split()[0], asked)


class Limit(Case):
    def test_a_full_server_is_silent_and_a_freed_slot_usable(self):
        log = self.file("log")
        server = self.serve(*HANDLER, "echo", log, options=("-c", "2"))
        started = lambda: self.lines_of(log).count("started")
        for _ in range(2):
            self.hold(server, *HANDLER, "hold")
        wait_until(lambda: started() == 2, 5, "two connections")
        third = self.hold(server, *HANDLER, "say", 20, 16, 1)
        third.wait(timeout=15)
        self.assertEqual(third.communicate()[0], "0 lives\n", "nothing is sent by a full server")
        self.assertEqual(started(), 2)
        server.end_handlers()
        fourth = self.connect(server, *HANDLER, "say", 1, 16, 1)
        self.assertEqual(fourth.stdout, "17 lives\n", fourth.stderr)

    def test_a_client_that_waits_gets_the_slot_that_is_freed(self):
        server = self.serve("curvecpmessage", "sh", "-c", "sleep 2; cat", options=("-c", "1"))
        first = self.hold(server, "curvecpmessage", "-C", "sh", "-c", "echo a >&7; exec 7>&-; cat <&6")
        wait_until(server.handlers, 5, "the first connection")
        self.assertEqual(self.ask(server, limit=30), "hello\n", "retransmission finds the free slot")
        self.assertEqual(first.wait(timeout=10), 0)


class Leftovers(Case):
    def test_fifty_connections_leave_nothing_behind(self):
        server = self.serve("curvecpmessage", "cat")
        self.ask(server)
        wait_until(lambda: not descendants(server.pid), 5, "handler and program are gone")
        before = open_descriptors(server.pid)
        for _ in range(50):
            self.assertEqual(self.ask(server), "hello\n")
        wait_until(lambda: not descendants(server.pid), 5, "handlers and programs are gone")
        self.assertEqual(open_descriptors(server.pid), before)

    def test_a_strangers_datagrams_start_nothing(self):
        server = self.serve("curvecpmessage", "cat")
        self.ask(server)  # after that it has all it opens at the start
        wait_until(lambda: not server.handlers(), 5, "the handler is gone")
        before = open_descriptors(server.pid)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for size in (0, 1, 79, 80, 96, 224, 544, 560, 1184, 1200, 9000):
                for magic in (b"QvnQ5XlH", b"QvnQ5XlI", b"QvnQ5XlM", b"RL3aNMXM", b"\0" * 8):
                    stranger.sendto((magic + bytes(size))[:size], ("127.0.0.1", server.port))
            stranger.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                stranger.recv(2000)
        self.assertEqual((server.handlers(), open_descriptors(server.pid)), ([], before))
        self.assertEqual(self.ask(server), "hello\n")


class Told(Case):
    def test_v_tells_start_and_end_of_each_connection(self):
        server = self.serve("curvecpmessage", "cat", options=("-v",))
        self.ask(server, options=("-c", self.client_keys[0]))
        wait_until(lambda: "end" in server.log, 5, "the end of the connection is told")
        lines = [line for line in server.log.splitlines() if self.client_keys[1] in line]
        self.assertEqual(len(lines), 2, server.log)
        start, end = lines
        self.assertRegex(start, r"start.*127\.0\.0\.1.*\d+")
        self.assertRegex(end, r"end.*127\.0\.0\.1")
        self.assertRegex(end, r"\b[1-9]\d* bytes in\b.*\b[1-9]\d* bytes out\b")
        self.assertRegex(end, r"handler", "the reason")

    def test_v_tells_the_reason_of_a_bad_end(self):
        server = self.serve(*HANDLER, "bad_length", 0, self.file("noted"), options=("-v",))
        self.connect(server, *HANDLER, "say", 1, 16, 0.5)
        wait_until(lambda: "length byte" in server.log, 5, f"the reason is told: {server.log}")

    def test_without_v_a_connection_is_not_worth_a_line(self):
        server = self.serve("curvecpmessage", "cat")
        self.ask(server)
        self.assertEqual(server.log, "")


class End(Case):
    def assert_ends(self, server, which, within):
        started = time.monotonic()
        server.process.send_signal(which)
        server.process.wait(timeout=10)
        self.assertLess(time.monotonic() - started, within)

    def test_a_server_ends_at_once_when_it_is_asked_to(self):
        for which in (signal.SIGTERM, signal.SIGINT):
            server = self.serve("curvecpmessage", "cat")
            self.assert_ends(server, which, 0.5)

    def test_a_server_with_connections_ends_in_time(self):
        server = self.serve("curvecpmessage", "cat")
        for _ in range(3):
            self.hold(server, "curvecpmessage", "-C", "sh", "-c", "echo a >&7; cat <&6")
        wait_until(lambda: len(server.handlers()) == 3, 5, "three connections")
        everybody = descendants(server.pid)
        self.assert_ends(server, signal.SIGTERM, 1.4)
        handlers_left = lambda: [pid for pid in everybody if os.path.exists(f"/proc/{pid}/exe")]
        wait_until(lambda: not handlers_left(), 5, "handlers and programs end too")

    def test_a_handler_that_ignores_term_is_killed_in_time(self):
        path = self.file("stubborn")
        server = self.serve(*HANDLER, "ignore_term", path)
        self.hold(server, *HANDLER, "hold")
        pid = int(wait_until(lambda: self.lines_of(path), 5, "the handler")[0].split()[1])
        # 1.2 s is the promise; the rest is for a busy machine.
        self.assert_ends(server, signal.SIGTERM, 1.4)
        self.assertNotIn(pid, descendants(os.getpid()))

    def test_a_second_request_to_end_leaves_no_handler_behind(self):
        path = self.file("stubborn")
        server = self.serve(*HANDLER, "ignore_term", path)
        self.hold(server, *HANDLER, "hold")
        pid = int(wait_until(lambda: self.lines_of(path), 5, "the handler")[0].split()[1])
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        self.assert_ends(server, signal.SIGTERM, 1.4)
        self.assertEqual(server.process.returncode, 0)
        self.assertFalse(os.path.exists(f"/proc/{pid}/exe"))

    def test_the_port_is_free_at_once(self):
        server = self.serve("curvecpmessage", "cat")
        self.hold(server, "curvecpmessage", "-C", "sh", "-c", "echo a >&7; cat <&6")
        wait_until(server.handlers, 5, "a connection")
        self.assert_ends(server, signal.SIGTERM, 1.4)
        again = self.serve("curvecpmessage", "cat", port=server.port)
        self.assertEqual(self.ask(again), "hello\n")


if __name__ == "__main__":
    main()
