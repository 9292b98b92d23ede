"""A server's life: draining, second signals, what it tells a service manager, a socket that it is
given, silent connections, a status in the log, and logs as JSON."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

from endpoint import Endpoint
from suite import EXTENSION, HANDLER, NAME, PROGRAMS, Case, descendants, main, wait_until
from visitor import Visitor, token

LONG = 30  # seconds, for a machine that is busy
STAY = ("curvecpmessage", "-C", "sh", "-c", "echo a >&7; cat <&6")


class Draining(Case):
    def draining(self, seconds):
        server = self.serve(*HANDLER, "echo", options=("-v", "--drain-timeout", str(seconds)))
        visitor = Visitor(self, server).greet().enter()
        server.process.send_signal(signal.SIGTERM)
        newcomer = Endpoint(self, (server.ip, server.port))
        # It stays, for whom it has, and for nobody else.
        wait_until(lambda: not self.is_answered(newcomer, Visitor(self, server)), LONG,
                   "nobody new is answered")
        self.assertEqual(visitor.echo(), [])
        return server, visitor

    def is_answered(self, endpoint, visitor):
        endpoint.send(visitor.hello())
        return endpoint.receive(0.5) is not None

    def test_a_server_that_drains_serves_whom_it_has_and_nobody_else(self):
        server, visitor = self.draining(3600)
        self.assertIsNone(server.process.poll())
        server.end_handlers()
        self.assertEqual(server.process.wait(timeout=LONG), 0)

    def test_a_second_signal_ends_it(self):
        for which in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            with self.subTest(which):
                server, visitor = self.draining(3600)
                server.process.send_signal(which)
                self.assertEqual(server.process.wait(timeout=LONG), 0)

    def test_the_time_of_a_drain_ends(self):
        server, visitor = self.draining(2)
        self.assertEqual(server.process.wait(timeout=LONG), 0)
        self.assertIn("the server stops", server.log)

    def test_sigquit_ends_a_server_and_its_programs_at_once(self):
        server = self.serve("curvecpmessage", "cat", options=("--drain-timeout", "3600"))
        self.hold(server, *STAY)
        everybody = wait_until(lambda: len(found := descendants(server.pid)) == 2 and found, LONG,
                               "handler and program")
        server.process.send_signal(signal.SIGQUIT)
        self.assertEqual(server.process.wait(timeout=LONG), 0)
        wait_until(lambda: not set(everybody) & set(descendants(os.getpid())), LONG, "all are gone")


class ServiceManager(Case):
    def setUp(self):
        super().setUp()
        self.path = self.file("notify")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(str(self.path))
        self.manager.settimeout(LONG)

    def started(self, *handler, options=(), **environment):
        return self.serve(*handler, options=options,
                          environment={**os.environ, "NOTIFY_SOCKET": str(self.path), **environment})

    def await_message(self, pattern):
        while not re.search(pattern, message := self.manager.recv(4096).decode(), re.M):
            pass
        return message

    def test_it_hears_of_start_connections_reload_and_end(self):
        server = self.started("curvecpmessage", "cat")
        self.assertIn("STATUS=0 connections", self.await_message("^READY=1$"))
        client = self.hold(server, *STAY)
        self.await_message("^STATUS=1 connection$")
        client.kill()
        server.end_handlers()
        self.await_message("^STATUS=0 connections$")
        server.process.send_signal(signal.SIGHUP)
        self.assertRegex(self.await_message("^RELOADING=1$"), r"MONOTONIC_USEC=\d+")
        self.await_message("^READY=1$")
        server.process.terminate()
        self.await_message("^STOPPING=1$")
        self.assertEqual(server.process.wait(timeout=LONG), 0)

    def test_its_watchdog_is_fed(self):
        self.started("curvecpmessage", "cat", WATCHDOG_USEC="400000")
        for _ in range(4):
            self.await_message("^WATCHDOG=1$")

    def test_another_process_watchdog_is_left_alone(self):
        server = self.started("curvecpmessage", "cat", WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.await_message("^READY=1$")
        self.ask(server)
        server.process.terminate()
        messages = []
        while "STOPPING=1" not in messages:
            messages.append(self.manager.recv(4096).decode())
        self.assertNotIn("WATCHDOG=1", messages)

    def test_an_abstract_socket_is_spoken_to(self):
        name = f"curvecp-test-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind("\0" + name)
            manager.settimeout(LONG)
            self.started("curvecpmessage", "cat", NOTIFY_SOCKET="@" + name)
            self.assertIn(b"READY=1", manager.recv(4096))

    def test_no_handler_learns_of_it(self):
        noted = self.file("noted")
        server = self.started("sh", "-c", f"env >{noted}", WATCHDOG_USEC="60000000")
        visitor = Visitor(self, server).greet()
        visitor.endpoint.send(visitor.initiate(visitor.introduction(token())))
        wait_until(lambda: "CURVECPCONNID" in (noted.read_text() if noted.exists() else ""), LONG,
                   "the environment")
        self.assertNotRegex(noted.read_text(), "NOTIFY_SOCKET|WATCHDOG|LISTEN_")


class SocketActivation(Case):
    # Becomes the server, with the socket as descriptor 3.
    STARTER = """import os, sys
fd = int(sys.argv[1]); os.dup2(fd, 3); os.set_inheritable(3, True)
if fd != 3: os.close(fd)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""

    def prefix(self, given):
        return (sys.executable, "-I", "-c", self.STARTER, str(given.fileno()))

    def given(self, ip="127.0.0.1"):
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        given = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(given.close)
        given.bind((ip, 0))
        given.set_inheritable(True)
        return given

    def command(self, given, ip, port):
        return [*self.prefix(given), PROGRAMS / "curvecpserver", "-v", NAME, self.server_keys[0], ip,
                str(port), EXTENSION, "curvecpmessage", "cat"]

    def test_a_socket_that_a_service_manager_opened_is_served(self):
        for ip, asked in (("127.0.0.1", "127.0.0.1"), ("::", "::1"), ("0.0.0.0", "127.0.0.9")):
            with self.subTest(ip):
                given = self.given(ip)
                log = self.file(f"log-{ip}")
                with log.open("wb") as stderr:
                    process = subprocess.Popen(self.command(given, ip, 0), stderr=stderr,
                                               pass_fds=(given.fileno(),))
                self.addCleanup(process.wait)
                self.addCleanup(process.kill)
                port = given.getsockname()[1]
                wait_until(lambda: f":{port}, public key" in log.read_text(), LONG, "it listens")
                server = Asked(asked, port, self.server_keys[1])
                self.assertEqual(self.ask(server), "hello\n")

    def test_a_socket_of_another_address_is_not_taken_for_it(self):
        given = self.given()
        done = subprocess.run(self.command(given, "127.0.0.2", 0), pass_fds=(given.fileno(),),
                              capture_output=True, text=True, timeout=LONG)
        self.assertEqual(done.returncode, 111)
        self.assert_one_line(done.stderr, "127.0.0.2", "inherited")


class Asked:
    """Where a client finds a server."""

    def __init__(self, ip, port, key):
        self.ip, self.port, self.key, self.name = ip, port, key, NAME


class Silence(Case):
    def test_a_connection_that_is_silent_both_ways_is_ended_with_its_handler(self):
        server = self.serve(*HANDLER, "echo", options=("-v", "--idle-timeout", "3"))
        silent = Visitor(self, server).greet().enter()
        talking = Visitor(self, server).greet().enter()

        def talk():
            self.assertEqual(talking.echo(), [])
            return "both sides are silent" in server.log
        wait_until(talk, LONG, "the silent one ends")
        wait_until(lambda: len(server.handlers()) == 1, LONG, "its handler ends")
        self.assertEqual(server.log.count("both sides are silent"), 1)
        self.assertEqual(talking.echo(), [])
        self.assertIsNotNone(silent)

    def test_a_handler_that_talks_is_not_silent(self):
        server = self.serve("curvecpmessage", "sh", "-c", "while sleep 1; do echo x; done",
                            options=("-v", "--idle-timeout", "4"))
        client = self.hold(server, "curvecpmessage", "-C", "sh", "-c", "echo a >&7; cat <&6")
        lines = [client.stdout.readline() for _ in range(7)]
        self.assertEqual(lines, ["x\n"] * 7)
        self.assertNotIn("silent", server.log)


class Roaming(Case):
    def test_answers_do_not_flap_between_two_addresses(self):
        server = self.serve(*HANDLER, "echo")
        visitor = Visitor(self, server).greet().enter()
        home, away = visitor.endpoint, Endpoint(self, (server.ip, server.port))
        answered = {home: 0, away: 0}
        for turn in range(100):
            endpoint = away if turn % 2 == 0 else home
            said = token()
            endpoint.send(visitor.message(said))
            where = wait_until(lambda: self.answer_to(visitor, said, (home, away)), LONG, "an echo")
            answered[where] += 1
        # Each turn would have been a move; most were none.
        self.assertGreater(max(answered.values()), 70)

        # Who stays where it is gets its answers there after a while.
        def settled():
            said = token()
            away.send(visitor.message(said))
            return wait_until(lambda: self.answer_to(visitor, said, (home, away)), LONG,
                              "an echo") is away
        wait_until(settled, LONG, "answers follow the client")

    def answer_to(self, visitor, said, endpoints):
        """The endpoint that got it, once one did."""
        for endpoint in endpoints:
            for packet in endpoint.waiting():
                if visitor.open_message(packet) == said:
                    return endpoint
        return None


class Told(Case):
    def test_a_status_in_the_log_on_request(self):
        server = self.serve(*HANDLER, "echo")
        server.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: "status: 0 connections\n" in server.log, LONG, "a status")
        Visitor(self, server).greet().enter()
        server.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: "status: 1 connection\n" in server.log and
                   re.search(rf" 1 +[0-9a-f]{{64}} 127\.0\.0\.1:\d+ +{server.name} ", server.log),
                   LONG, f"a row: {server.log}")

    def test_a_log_of_json_is_an_object_a_line(self):
        server = self.serve(*HANDLER, "echo", options=("-vv", "--log-format", "json"))
        Visitor(self, server).greet().enter()
        Endpoint(self, (server.ip, server.port)).send(b"x" * 100)
        wait_until(lambda: "not a packet" in server.log, LONG, "a drop")
        lines = [json.loads(line) for line in server.log.splitlines()]
        for line in lines:
            self.assertEqual(sorted(line), ["level", "message", "program", "time"])
            self.assertEqual(line["program"], "curvecpserver")
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual({line["level"] for line in lines}, {"info", "debug"})
        self.assertIn("listening on", lines[0]["message"])

    def test_control_characters_from_outside_are_escaped(self):
        name = "a\x1b[31m\nb"
        for options, expected in ((("--log-format", "text"), r"\x1b[31m\x0ab"),
                                  (("--log-format", "json"), r"\u001b[31m\u000ab")):
            done = subprocess.run(
                [PROGRAMS / "curvecpserver", *options, NAME, self.server_keys[0], "127.0.0.1", "0",
                 EXTENSION, name], capture_output=True, timeout=LONG)
            self.assertEqual(done.returncode, 111)
            self.assertEqual(done.stderr.count(b"\n"), 1)
            self.assertIn(expected.encode(), done.stderr)
            self.assertNotIn(b"\x1b", done.stderr)


if __name__ == "__main__":
    main()
