"""The client: whom it asks, what it does when nobody answers, and whom it does not believe."""

import select
import socket
import subprocess
import threading
import time

from suite import HANDLER, Case, free_port, main

ECHO = ("curvecpmessage", "cat")


class Lists(Case):
    """One connection, though only some of the addresses of the list serve."""

    def test_an_address_that_serves_is_found_among_dead_ones(self):
        server = self.serve(*ECHO)
        for ips in ("127.0.0.2,127.0.0.1", "127.0.0.1,127.0.0.2", "127.0.0.2,127.0.0.3,127.0.0.1"):
            with self.subTest(ips):
                self.assertEqual(self.ask(server, ip=ips, limit=30), "hello\n")

    def test_families_may_be_mixed(self):
        for served in ("127.0.0.1", "::1"):
            with self.subTest(served):
                server = self.serve(*ECHO, ip=served)
                self.assertEqual(self.ask(server, ip="127.0.0.1,::1", limit=30), "hello\n")
                self.assertEqual(self.ask(server, ip="::1,127.0.0.1", limit=30), "hello\n")

    def test_eight_addresses_are_a_list(self):
        server = self.serve(*ECHO, ip="0.0.0.0")
        eight = ",".join(f"127.0.0.{host}" for host in range(1, 9))
        self.assertEqual(self.ask(server, ip=eight), "hello\n")

    def test_an_address_that_is_silent_is_left_for_the_next(self):
        server = self.serve(*ECHO)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.2", server.port))
            for _ in range(3):  # the list is shuffled
                started = time.monotonic()
                self.assertEqual(self.ask(server, ip="127.0.0.2,127.0.0.1", limit=30), "hello\n")
                self.assertLess(time.monotonic() - started, 10)

    def test_a_cookie_may_come_late_from_an_address_asked_before(self):
        """A server behind a slow path answers when the client is asking elsewhere already."""
        server = self.serve(*ECHO)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as front, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
            front.bind(("127.0.0.2", 0))
            back.bind(("127.0.0.2", 0))
            thread = threading.Thread(target=self.slow_path, args=(front, back, server.port))
            thread.start()
            said = self.ask(server, ip="127.0.0.2,127.0.0.3", port=front.getsockname()[1], limit=30)
            front.sendto(b"end", front.getsockname())
            thread.join()
        self.assertEqual(said, "hello\n")

    def slow_path(self, front, back, server_port):
        """Forwards what comes; the answer to each Hello is late by 1.5 s."""
        client, late = None, []
        while True:
            for ready in select.select([front, back], [], [], 0.05)[0]:
                datagram, sender = ready.recvfrom(65536)
                if datagram == b"end":
                    return
                if ready is front:
                    client = sender
                    back.sendto(datagram, ("127.0.0.1", server_port))
                else:
                    wait = 1.5 if datagram.startswith(b"RL3aNMXK") else 0
                    late.append((time.monotonic() + wait, datagram))
            while late and late[0][0] <= time.monotonic():
                front.sendto(late.pop(0)[1], client)


class Nobody(Case):
    """No server: one line, 111, in bounded time."""

    # The reference waits 49 to 98 s; a server takes a first message for 60 s.
    GIVES_UP_WITHIN = 60

    def assert_gives_up(self, processes):
        deadline = time.monotonic() + self.GIVES_UP_WITHIN
        for what, process in processes.items():
            with self.subTest(what):
                out, err = process.communicate(timeout=max(1, deadline - time.monotonic()))
                self.assertEqual((process.returncode, out), (111, ""), err)
                self.assert_one_line(err, "curvecpclient", r"answer|127\.0\.0\.1")

    def test_no_server_no_key_or_no_name_in_common_is_111_and_one_line(self):
        """All at the same time, since each takes its time."""
        server = self.serve(*ECHO)
        other_key = self.make_keys("other")[1]
        started = self.file("started")
        handler = ("sh", "-c", f"echo started >>{started}", "sh")
        closed = str(free_port())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            self.assert_gives_up({
                "closed port": self.hold(server, *handler, port=closed),
                "closed ports": self.hold(server, *handler, port=closed, ip="127.0.0.1,::1"),
                "silent port": self.hold(server, *handler, port=silent.getsockname()[1]),
                "wrong key": self.hold(server, *handler, key=other_key),
            })
        self.assertFalse(started.exists(), "no handler without a Cookie")
        self.assertEqual(server.handlers(), [])

    def test_a_low_order_key_is_refused(self):
        server = self.serve(*ECHO)
        done = self.connect(server, *HANDLER, "hold", key="00" * 32, limit=10)
        self.assertIn(done.returncode, (100, 111))
        self.assert_one_line(done.stderr, "key")


class Strangers(Case):
    def test_datagrams_of_a_stranger_change_nothing(self):
        """Noise in the client's port, with right magics and sizes, while a connection runs."""
        server = self.serve("curvecpmessage", "sh", "-c", "read -r port; echo $port; cat",
                            options=("-v",))
        script = """exec 3<&6; printf 'x\\n' >&7; read -r line <&3; echo ready; read -r go
            echo "$line $go" >&7; exec 7>&-; cat <&3"""
        client = self.hold(server, "curvecpmessage", "-C", "sh", "-c", script,
                           stdin=subprocess.PIPE)
        self.assertEqual(client.stdout.readline(), "ready\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for magic, size in ((b"RL3aNMXM", 80), (b"RL3aNMXK", 200), (b"RL3aNMXM", 1152),
                                (b"QvnQ5XlM", 112), (b"", 0), (b"", 5000)):
                stranger.sendto((magic + bytes(size))[:size], ("127.0.0.1", server.client_port()))
        out, err = client.communicate("on\n", timeout=20)
        self.assertEqual((client.returncode, out), (0, "x on\n"), err)


if __name__ == "__main__":
    main()
