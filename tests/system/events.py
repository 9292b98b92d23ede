"""What those who watch a server are told: events as lines of JSON, to a socket or a descriptor, to
several at once; nobody who is slow or strange disturbs the server."""

import os
import re
import signal
import socket
import stat
import subprocess

from endpoint import Endpoint
from suite import EXTENSION, HANDLER, NAME, PROGRAMS, Case, is_bound, main, wait_until
from visitor import Visitor
from watcher import Watcher

LONG = 30  # seconds, for a machine that is busy
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


class EventsCase(Case):
    def setUp(self):
        super().setUp()
        self.path = self.file("events.sock")

    def watched(self, *handler, options=(), **how):
        return self.serve(*handler, options=("--events", f"unix:{self.path}", *options), **how)

    def watch(self, wanted=None):
        return Watcher(self, self.path, wanted)

    def await_event(self, watcher, name, count=1):
        return wait_until(lambda: len(watcher.of(name)) >= count and watcher.of(name), LONG,
                          f"{name} among {watcher.names}")[-1]


class Connections(EventsCase):
    def test_a_connection_from_its_start_to_its_end(self):
        server = self.watched("curvecpmessage", "cat")
        watcher = self.watch()
        self.assertEqual(self.ask(server, "x" * 1000), "x" * 1000 + "\n")
        self.await_event(watcher, "program_exited")
        self.assertEqual(watcher.names, ["handshake_succeeded", "accepted", "program_started",
                                         "closed", "program_exited"])
        for event in watcher.events:
            self.assertEqual(event["v"], 1)
            self.assertRegex(event["time"], TIME)
            self.assertEqual(event["local"], f"127.0.0.1:{server.port}")
            self.assertRegex(event["remote"], r"^127\.0\.0\.1:\d+$")
            self.assertEqual(event["service"], server.name)
            self.assertEqual(event["connection"], 1)
        succeeded, _, started, closed, exited = watcher.events
        self.assertRegex(succeeded["value"], "^[0-9a-f]{64}$")
        self.assertGreater(started["value"], 1)
        self.assertEqual(closed["value"], "the handler ended it")
        self.assertEqual(exited["value"], 0)
        self.assertGreater(exited["bytes_in"], 1000)
        self.assertGreater(exited["bytes_out"], 1000)
        self.assertGreater(exited["duration"], 0)
        self.assertNotIn("signal", exited)

    def test_a_client_is_named_by_its_key(self):
        server = self.watched("curvecpmessage", "cat")
        watcher = self.watch("handshake_succeeded")
        self.ask(server, options=("-c", self.client_keys[0]))
        event = self.await_event(watcher, "handshake_succeeded")
        self.assertEqual(event["value"], self.client_keys[1])

    def test_a_handler_that_is_killed_is_told_with_its_signal_and_all_its_bytes(self):
        server = self.watched("curvecpmessage", "cat")
        watcher = self.watch()
        self.hold(server, "curvecpmessage", "-C", "sh", "-c", "echo a >&7; cat <&6")
        self.await_event(watcher, "accepted")
        os.kill(server.handlers()[0], signal.SIGKILL)
        event = self.await_event(watcher, "program_exited")
        self.assertEqual((event["value"], event["signal"]), (128 + 9, 9))
        self.assertGreater(event["bytes_in"], 0)
        self.assertLess(watcher.names.index("closed"), watcher.names.index("program_exited"))

    def test_a_handler_that_breaks_the_rules_is_disconnected(self):
        server = self.watched(*HANDLER, "bad_length", 0, self.file("noted"))
        watcher = self.watch("disconnected closed")
        self.connect(server, *HANDLER, "say", 1, 16, 0.5)
        event = self.await_event(watcher, "disconnected")
        self.assertIn("length byte", event["value"])
        self.assertEqual(watcher.names, ["disconnected"])

    def test_a_client_that_moves_is_told_with_where_it_was(self):
        server = self.watched(*HANDLER, "echo")
        watcher = self.watch("address_changed")
        visitor = Visitor(self, server).greet().enter()
        before = visitor.endpoint.address[1]
        moved = Endpoint(self, (server.ip, server.port))
        moved.send(visitor.message(b"x" * 16))
        event = self.await_event(watcher, "address_changed")
        self.assertEqual(event["value"], f"127.0.0.1:{before}")
        self.assertEqual(event["remote"], f"127.0.0.1:{moved.address[1]}")
        self.assertEqual(event["connection"], 1)

    def test_a_client_without_a_handler_is_an_errno(self):
        program = self.file("gone", "#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
        server = self.watched(program)
        watcher = self.watch()
        program.unlink()
        visitor = Visitor(self, server).greet()
        visitor.endpoint.send(visitor.initiate(visitor.introduction(b"x" * 16)))
        event = self.await_event(watcher, "accept_failed")
        self.assertEqual(event["value"], 2)  # ENOENT
        self.assertNotIn("accepted", watcher.names)


class Strangers(EventsCase):
    def test_what_strangers_send_is_told_once_and_then_in_sums(self):
        server = self.watched(*HANDLER, "echo")
        watcher = self.watch()
        visitor = Visitor(self, server)
        stranger = Endpoint(self, (server.ip, server.port))
        hello = bytearray(visitor.hello())
        hello[-1] ^= 1
        for _ in range(50):
            stranger.send(*[bytes(hello)] * 20, bytes(hello[:-1]), b"no packet")
            visitor.greet()  # so that nothing is lost on the way
        event = self.await_event(watcher, "handshake_failed_protocol", 2)
        codes = [event["value"] for event in watcher.of("handshake_failed_protocol")]
        self.assertEqual(sorted(codes), ["cryptographic", "malformed_hello"])
        self.assertEqual(event["remote"], f"127.0.0.1:{stranger.address[1]}")
        self.assertNotIn("connection", event)
        self.await_event(watcher, "handshake_failed_protocol", 4)
        counts = {event["value"]: event["count"]
                  for event in watcher.of("handshake_failed_protocol") if "count" in event}
        self.assertEqual(counts, {"cryptographic": 999, "malformed_hello": 49})

    def test_each_reason_to_refuse_an_initiate_has_its_code(self):
        server = self.watched(*HANDLER, "echo", options=("-c", "2"))
        watcher = self.watch("handshake_failed_protocol limit_reached")
        visitor = Visitor(self, server).greet()
        wrong_name = visitor.introduction(b"x" * 16, name=b"\x05other" + bytes(250))
        wrong_vouch = visitor.introduction(b"x" * 16, vouch=os.urandom(64))
        for packet in (visitor.initiate(wrong_name), visitor.initiate(wrong_vouch),
                       visitor.initiate(visitor.introduction(b"x" * 16), cookie=os.urandom(96))):
            visitor.endpoint.send(packet)
        wait_until(lambda: len(watcher.events) == 3, LONG, "three codes")
        self.assertEqual([event["value"] for event in watcher.events],
                         ["name_mismatch", "vouch_invalid", "cookie_expired"])
        visitor.enter()
        Visitor(self, server).greet().enter()
        late = Visitor(self, server).greet()
        late.endpoint.send(late.initiate(late.introduction(b"x" * 16)))
        event = self.await_event(watcher, "limit_reached")
        self.assertEqual(event["value"], "connections")


class Subscribers(EventsCase):
    def test_the_socket_is_for_the_user_alone_and_goes_with_the_server(self):
        server = self.watched("curvecpmessage", "cat")
        mode = os.stat(self.path).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        watcher = self.watch()
        self.ask(server)
        self.await_event(watcher, "accepted")
        server.process.terminate()
        self.assertEqual(server.process.wait(timeout=LONG), 0)
        wait_until(lambda: watcher.ended, LONG, "the end of the stream")
        self.assertEqual(watcher.names[-1], "monitor_stopped")
        self.assertFalse(self.path.exists())

    def test_a_server_that_was_killed_leaves_no_obstacle(self):
        self.watched("curvecpmessage", "cat").end()
        self.assertTrue(self.path.exists())
        server = self.watched("curvecpmessage", "cat")
        watcher = self.watch()
        self.ask(server)
        self.await_event(watcher, "accepted")

    def test_several_watch_and_each_gets_what_it_wants(self):
        server = self.watched("curvecpmessage", "cat")
        everything, two, comma = (self.watch(), self.watch("accepted closed"),
                                  self.watch("program_exited,closed"))
        self.ask(server)  # after it their choices have been read; what came before comes too
        for watcher in (everything, two, comma):
            self.await_event(watcher, "closed")
        self.await_event(everything, "program_exited")
        self.await_event(comma, "program_exited")
        for watcher in (everything, two, comma):
            watcher.lines.clear()
        self.ask(server)
        for watcher in (everything, comma):
            self.await_event(watcher, "program_exited")
        wait_until(lambda: len(two.names) == 2, LONG, "two events")
        self.assertEqual(two.names, ["accepted", "closed"])
        self.assertEqual(comma.names, ["closed", "program_exited"])
        self.assertEqual(len(everything.names), 5)

    def test_who_names_an_event_that_there_is_not_is_told_so(self):
        server = self.watched("curvecpmessage", "cat")
        for wanted in ('accepted "no\x01such', "x" * 5000):
            watcher = self.watch(wanted)
            wait_until(lambda: watcher.ended, LONG, "the end")
        watcher = self.watch("accepted none")
        wait_until(lambda: watcher.ended, LONG, "the end")
        self.assertEqual(watcher.events, [{"v": 1, "error": "no such event: none"}])
        self.ask(server)

    def test_too_many_subscribers_are_refused_and_make_room_when_they_go(self):
        server = self.watched("curvecpmessage", "cat")
        first = [self.watch() for _ in range(16)]
        one_more = self.watch()
        wait_until(lambda: one_more.ended, LONG, "it is refused")
        self.assertEqual(one_more.events, [{"v": 1, "error": "too many subscribers"}])
        for watcher in first:
            watcher.close()
        last = self.watch()
        self.ask(server)
        self.await_event(last, "accepted")

    def test_a_slow_subscriber_is_told_how_many_events_it_lost_and_stops_nobody(self):
        server = self.watched("true")
        slow = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(slow.close)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(str(self.path))
        fast = self.watch("program_exited")
        visitors = 0
        # Each is five events of about 200 bytes; the kernel and the server hold some hundred KB.
        while visitors < 300:
            visitor = Visitor(self, server).greet()
            visitor.endpoint.send(visitor.initiate(visitor.introduction(b"x" * 16)))
            visitors += 1
            wait_until(lambda: len(fast.lines) >= visitors, LONG, "each connection's end")
        slow.settimeout(LONG)
        received = b""
        while b"events_lost" not in received:
            received += slow.recv(65536)
        self.ask_once(server)
        while not received.endswith(b"\n") or received.count(b"program_exited") < 1:
            received += slow.recv(65536)
        lines = received.decode().splitlines()
        lost = [int(found[1]) for found in re.finditer(r'"event":"events_lost","lost":(\d+)}',
                                                       received.decode())]
        told = sum('"event":"events_lost"' not in line for line in lines)
        wait_until(lambda: len(fast.lines) == visitors + 1, LONG, "the last")
        slow.settimeout(1)
        try:
            while more := slow.recv(65536):
                told += more.count(b"\n")
        except TimeoutError:
            pass
        self.assertEqual(sum(lost) + told, 5 * (visitors + 1))

    def ask_once(self, server):
        visitor = Visitor(self, server).greet()
        visitor.endpoint.send(visitor.initiate(visitor.introduction(b"x" * 16)))


class Descriptors(EventsCase):
    def test_a_descriptor_gets_everything_from_listening_on(self):
        read_end, write_end = os.pipe()
        os.set_inheritable(write_end, True)
        options = ("--events", "fd:5")
        server_process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 5>&{write_end}', "sh",
             *self.server_command(options)], pass_fds=(write_end,), stderr=subprocess.DEVNULL)
        self.addCleanup(server_process.wait)
        self.addCleanup(server_process.kill)
        os.close(write_end)
        watcher = Watcher(self, None, fd=read_end)
        event = self.await_event(watcher, "listening")
        self.assertEqual(event["value"], self.server_keys[1])
        self.assertTrue(is_bound(server_process.pid, int(event["local"].rpartition(":")[2])))
        server_process.terminate()
        self.addCleanup(watcher.file.close)
        self.assertEqual(server_process.wait(timeout=LONG), 0)
        wait_until(lambda: watcher.ended, LONG, "the end")
        self.assertEqual(watcher.names, ["listening", "monitor_stopped"])

    def test_an_address_in_use_is_told(self):
        server = self.serve("curvecpmessage", "cat")
        done = subprocess.run(self.server_command(("--events", "fd:1"), port=server.port),
                              capture_output=True, text=True, timeout=LONG)
        self.assertEqual(done.returncode, 111)
        first, last = done.stdout.splitlines()
        self.assertIn('"event":"bind_failed"', first)
        self.assertIn(f'"local":"127.0.0.1:{server.port}"', first)
        self.assertIn('"value":98', first)
        self.assertIn("monitor_stopped", last)

    def server_command(self, options, port=0):
        return [PROGRAMS / "curvecpserver", *options, NAME, str(self.server_keys[0]), "127.0.0.1",
                str(port), EXTENSION, "true"]


if __name__ == "__main__":
    main()
