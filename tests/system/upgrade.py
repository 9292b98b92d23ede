"""SIGUSR2: the server becomes the program that is at its path now, and nobody notices: the process,
its handlers and all connections go on. Where the new program is no good, the old one goes on."""

import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import threading

from endpoint import Endpoint
from relay import Relay
from suite import HANDLER, PROGRAMS, Case, main, wait_until
from visitor import Visitor, token
from watcher import Watcher

PATIENCE = 60  # seconds, for a machine that has much else to do
UPGRADES = 5

# Handlers that stop in the middle of something until a file is there.
HALF_WRITER = """
import os, sys, time
os.set_blocking(8, True)
os.read(8, 65536)
frame = bytes([4]) + bytes(range(64))
os.write(9, frame[:30])
open(sys.argv[1], "w").close()
while not os.path.exists(sys.argv[2]): time.sleep(0.02)
os.write(9, frame[30:])
while os.read(8, 65536): pass
"""
LATE_READER = """
import os, sys, time
os.set_blocking(8, True)
open(sys.argv[1], "w").close()
while not os.path.exists(sys.argv[2]): time.sleep(0.02)
data, frames = b"", 0
while (more := os.read(8, 65536)):
    data += more
    while data and len(data) > 16 * data[0]:
        size = 1 + 16 * data[0]
        if size not in (17, 1089) or len(set(data[1:size])) > 17:
            sys.exit("broken")
        data, frames = data[size:], frames + 1
        if size == 17:
            os.write(9, b"\\x01" + frames.to_bytes(16, "big"))
"""


def waiting_bytes(port):
    """In the kernel's buffer of a UDP socket on loopback."""
    for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == f"0100007F:{port:04X}":
            return int(fields[4].partition(":")[2], 16)
    raise AssertionError(f"nobody has port {port}")


def script(text):
    return (sys.executable, "-I", "-c", text)


class Stream:
    """A client that sends random bytes to a service that echoes, until it is told to stop."""

    def __init__(self, case, server):
        self.process = subprocess.Popen(
            case.client_command(server, "curvecpmessage", "-C", "--stdio"), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        case.addCleanup(case.end_held, self.process)
        self.sent, self.got = hashlib.sha256(), hashlib.sha256()
        self.bytes_sent = self.bytes_got = 0
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=work, daemon=True)
                        for work in (self.write, self.read)]
        for thread in self.threads:
            thread.start()

    def write(self):
        noise = random.Random(1)
        try:
            while not self.stopped.wait(0.002):
                piece = noise.randbytes(16384)
                self.process.stdin.write(piece)
                self.sent.update(piece)
                self.bytes_sent += len(piece)
            self.process.stdin.close()
        except (OSError, ValueError):  # closed with the test
            pass

    def read(self):
        while piece := self.process.stdout.read1(65536):
            self.got.update(piece)
            self.bytes_got += len(piece)

    def finish(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(PATIENCE)
        return self.process.wait(timeout=PATIENCE)


class UpgradeCase(Case):
    def setUp(self):
        super().setUp()
        self.place = self.temporary / "bin"
        self.place.mkdir()
        self.repair()

    def start(self, *handler, options=("-v",), **how):
        return self.serve(*handler, options=options, programs=self.place, **how)

    def put(self, path):
        """Another program at the server's path, from one moment to the next."""
        path.rename(self.place / "curvecpserver")

    def replace(self, text, mode=0o755):
        path = self.file("new program", text)
        path.chmod(mode)
        self.put(path)

    def repair(self):
        path = self.temporary / "program"
        shutil.copy(PROGRAMS / "curvecpserver", path)
        self.put(path)

    @staticmethod
    def outcomes(server):
        return re.findall(r"^curvecpserver: (?:[a-z]+: )?(upgraded|not upgraded): (.*)$",
                          server.log, re.MULTILINE)

    def upgrade(self, server):
        """Asks for one and waits for its outcome."""
        before = len(self.outcomes(server))
        server.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: server.process.poll() is not None or
                   len(self.outcomes(server)) > before, PATIENCE, "an upgrade")
        self.assertIsNone(server.process.poll(), server.log)
        return self.outcomes(server)[-1]

    def assert_upgrades(self, server):
        self.assertEqual(self.upgrade(server)[0], "upgraded", server.log)

    def assert_stays(self, server, pattern):
        outcome, reason = self.upgrade(server)
        self.assertEqual(outcome, "not upgraded", server.log)
        self.assertRegex(reason, pattern)


class Transfers(UpgradeCase):
    def test_transfers_run_through_upgrades_in_a_row(self):
        server = self.start("curvecpmessage", "cat")
        streams = [Stream(self, server) for _ in range(3)]
        wait_until(lambda: all(stream.bytes_got for stream in streams), PATIENCE, "transfers")
        handlers = sorted(server.handlers())
        self.assertEqual(len(handlers), 3)
        for _ in range(UPGRADES):
            self.repair()
            before = [stream.bytes_got for stream in streams]
            self.assert_upgrades(server)
            wait_until(lambda: all(stream.bytes_got > was
                                   for stream, was in zip(streams, before)), PATIENCE, "more bytes")
            self.assertEqual(sorted(server.handlers()), handlers, "the same processes")
        for stream in streams:
            self.assertEqual(stream.finish(), 0)
            self.assertEqual((stream.bytes_got, stream.got.digest()),
                             (stream.bytes_sent, stream.sent.digest()))
        self.assertEqual(server.log.count(": start, from"), 3, "no connection began again")
        wait_until(lambda: server.log.count(": end, the handler ended it") == 3, PATIENCE, "ends")
        wait_until(lambda: not server.handlers(), PATIENCE, "the handlers are reaped")
        self.assertEqual(self.ask(server, limit=PATIENCE), "hello\n")
        self.assertRegex(server.log, r"connection 4: start", "numbers go on")

    def test_a_half_written_frame_of_the_handler_is_completed_after_it(self):
        ready, go = self.file("ready"), self.file("go")
        server = self.start(*script(HALF_WRITER), str(ready), str(go))
        visitor = Visitor(self, server).greet()
        visitor.endpoint.send(visitor.initiate(visitor.introduction(token())))
        wait_until(ready.exists, PATIENCE, "half a frame")
        self.assert_upgrades(server)
        self.assert_upgrades(server)
        go.touch()
        visitor.endpoint.receive_until(
            lambda packet: visitor.open_message(packet) == bytes(range(64)), PATIENCE)

    def test_a_frame_that_a_full_pipe_took_half_of_is_completed_after_it(self):
        ready, go = self.file("ready"), self.file("go")
        server = self.start(*script(LATE_READER), str(ready), str(go))
        visitor = Visitor(self, server).greet()
        visitor.endpoint.send(visitor.initiate(visitor.introduction(token())))
        wait_until(ready.exists, PATIENCE, "a handler")
        for _ in range(20):  # more than the largest pipe takes, in writes of many frames
            server.process.send_signal(signal.SIGSTOP)
            for _ in range(64):
                visitor.endpoint.send(visitor.message(b"x" * 1088))
            server.process.send_signal(signal.SIGCONT)
            wait_until(lambda: not waiting_bytes(server.port), PATIENCE, "all was received")
        self.assert_upgrades(server)
        go.touch()
        found = []

        def answered():
            visitor.endpoint.send(visitor.message(token()))
            packet = visitor.endpoint.receive(1.0)
            if packet:
                found.append(int.from_bytes(visitor.open_message(packet), "big"))
            return found and found[-1] > 40
        wait_until(answered, PATIENCE, "the handler reads whole frames to the end")


class Process(UpgradeCase):
    def test_no_signal_stays_blocked_and_sigterm_ends_it(self):
        server = self.start("curvecpmessage", "cat")
        self.hold(server, "curvecpmessage", "-C", "sh", "-c", "echo a >&7; cat <&6")
        wait_until(server.handlers, PATIENCE, "a connection")
        self.assert_upgrades(server)
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        self.assertRegex(status, r"SigBlk:\s+0+\n")
        self.assertRegex(status, r"Name:\s+curvecpserver\n")
        server.process.terminate()
        self.assertEqual(server.process.wait(timeout=PATIENCE), 0)

    def test_a_server_that_drains_is_not_replaced_by_one_that_does_not(self):
        server = self.start("curvecpmessage", "cat", options=("-v", "--drain-timeout", "600"))
        stream = Stream(self, server)
        wait_until(lambda: stream.bytes_got, PATIENCE, "a transfer")
        server.process.terminate()
        self.assert_stays(server, "the server stops")
        self.assertEqual(stream.finish(), 0)
        self.assertEqual(server.process.wait(timeout=PATIENCE), 0)

    def test_a_new_program_is_checked_and_then_executed(self):
        server = self.start("curvecpmessage", "cat")
        noted = self.file("noted")
        self.replace(f'#!/bin/sh\necho "$1 $$" >>"{noted}"\n'
                     f'exec "{PROGRAMS}/curvecpserver" "$@"\n')
        self.assert_upgrades(server)
        checked, executed = (line.split() for line in self.lines_of(noted))
        self.assertEqual((checked[0], executed[0]), ("--check-handover", "--handover"))
        self.assertNotEqual(int(checked[1]), server.pid)
        self.assertEqual(int(executed[1]), server.pid)
        self.assertEqual(self.ask(server, limit=PATIENCE), "hello\n")

    def test_descriptors_do_not_become_more(self):
        server = self.start("curvecpmessage", "cat")
        if not os.access(f"/proc/{server.pid}/fd", os.R_OK):
            self.skipTest("only root may look at the descriptors of such a process")
        descriptors = lambda: sorted(os.readlink(f"/proc/{server.pid}/fd/{fd}").partition(":")[0]
                                     for fd in os.listdir(f"/proc/{server.pid}/fd"))
        self.assert_upgrades(server)
        before = descriptors()
        self.assertFalse([name for name in before if "memfd" in name], "the state is closed")
        for _ in range(3):
            self.assert_upgrades(server)
        self.assertEqual(descriptors(), before)

    def test_events_go_on_through_a_descriptor_and_to_new_subscribers(self):
        read_end, write_end = os.pipe()
        path = self.file("socket")
        server = self.start("curvecpmessage", "cat", options=(
            "-v", "--events", "fd:1", "--events", f"unix:{path}"),
            prefix=("sh", "-c", f'exec "$@" >"{self.file("events")}"', "sh"))
        os.close(read_end), os.close(write_end)
        self.assert_upgrades(server)
        watcher = Watcher(self, path)
        self.ask(server, limit=PATIENCE)
        wait_until(lambda: watcher.of("closed"), PATIENCE, "an event at the socket")
        events = [json.loads(line) for line in self.lines_of(self.file("events"))]
        self.assertIn("accepted", [event["event"] for event in events])


class BadPrograms(UpgradeCase):
    def setUp(self):
        super().setUp()
        self.server = self.start("curvecpmessage", "cat")
        self.stream = Stream(self, self.server)
        wait_until(lambda: self.stream.bytes_got, PATIENCE, "a transfer")

    def assert_whole(self):
        """The old one serves, old connections and new ones; a good program replaces it."""
        self.assertEqual(self.ask(self.server, limit=PATIENCE), "hello\n")
        self.repair()
        self.assert_upgrades(self.server)
        self.assertEqual(self.stream.finish(), 0)
        self.assertEqual((self.stream.bytes_got, self.stream.got.digest()),
                         (self.stream.bytes_sent, self.stream.sent.digest()))
        self.assertEqual(self.server.log.count(": start, from"), 2, "no connection began again")

    def test_one_that_fails_its_check_is_not_executed(self):
        for text, pattern in (("#!/bin/sh\nexit 1\n", "exited with 1"),
                              ("#!/bin/sh\nkill -9 $$\n", "killed by signal 9"),
                              ("#!/bin/sh\nexit 0\n", "has not read the state"),
                              ("no program\n", "Exec format error")):
            with self.subTest(program=text):
                self.replace(text)
                self.assert_stays(self.server, pattern)
        self.assert_whole()

    def test_one_that_cannot_be_executed_is_not(self):
        self.replace("#!/bin/sh\n", mode=0o644)
        self.assert_stays(self.server, "Permission denied")
        (self.place / "curvecpserver").unlink()
        self.assert_stays(self.server, "No such file")
        self.assert_whole()

    def test_one_that_cannot_go_on_with_the_state_returns_to_the_old_one(self):
        self.hold(self.server, "curvecpmessage", "-C", "sh", "-c", "echo a >&7; cat <&6")
        wait_until(lambda: len(self.server.handlers()) == 2, PATIENCE, "two connections")
        for options, pattern in (("-c 0", "-c 0"), ("-c 1", "more connections")):
            with self.subTest(options=options):
                self.replace(f'''#!/bin/sh
if [ "$1" = --handover ]; then
    order=$1 value=$2
    shift 3  # and -v
    exec "{PROGRAMS}/curvecpserver" "$order" "$value" -v {options} "$@"
fi
exec "{PROGRAMS}/curvecpserver" "$@"
''')
                self.assert_stays(self.server, f"{pattern}.*; the old program goes on")
        self.assertRegex(pathlib.Path(f"/proc/{self.server.pid}/comm").read_text(),
                         "^curvecpserver$")
        self.assertEqual(self.ask(self.server, limit=PATIENCE), "hello\n")
        self.repair()
        self.assert_upgrades(self.server)
        self.assertEqual(self.stream.finish(), 0)
        self.assertEqual(self.stream.got.digest(), self.stream.sent.digest())

    def test_rules_that_are_bad_now_leave_the_old_program_and_rules(self):
        keys = self.file("keys", f"{self.client_keys[1]}\n")
        server = self.start("curvecpmessage", "cat",
                            options=("-v", "--authorized-keys", str(keys)))
        keys.write_text("no key\n")
        self.assert_stays(server, "exited with 100")
        mine = ("-c", self.client_keys[0])
        self.assertEqual(self.ask(server, limit=PATIENCE, options=mine), "hello\n")

    def test_a_state_that_is_none_is_refused_in_one_line(self):
        for option in ("--handover", "--check-handover"):
            for value in ("x", "9999", "0"):
                done = self.run_server(option, value)
                self.assertIn(done.returncode, (100, 111))
                self.assert_one_line(done.stderr, "fatal: ")

    def run_server(self, *arguments):
        return subprocess.run([PROGRAMS / "curvecpserver", *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE)


class Memory(UpgradeCase):
    """What the server has to remember for the safety of its clients."""

    def setUp(self):
        super().setUp()
        self.noted = self.file("handlers")
        self.server = self.start(*HANDLER, "echo", self.noted)

    def started(self):
        return self.lines_of(self.noted).count("started")

    def test_a_replay_from_before_the_upgrade_is_refused_after_it(self):
        visitor = Visitor(self, self.server).greet().enter()
        said = token()
        old = visitor.message(said)
        visitor.endpoint.send(old)
        visitor.await_echo(said, PATIENCE)
        self.assert_upgrades(self.server)
        stranger = Endpoint(self, visitor.endpoint.peer)
        stranger.send(visitor.entrance, old)
        self.assertEqual(visitor.echo(), [], "nothing of it reached the handler")
        self.assertEqual(stranger.waiting(), [])
        self.server.end_handlers()
        self.assert_upgrades(self.server)
        stranger.send(visitor.entrance)
        Visitor(self, self.server).greet().enter()  # it was dealt with before that
        self.assertEqual(self.started(), 2)
        self.assertEqual(stranger.waiting(), [])

    def test_a_cookie_from_before_the_upgrade_is_good_after_it(self):
        visitor = Visitor(self, self.server).greet()
        self.assert_upgrades(self.server)
        visitor.enter()
        self.assertEqual(self.started(), 1)

    def test_a_key_that_is_not_authorized_any_more_ends_its_connection(self):
        keys = self.file("keys", f"{self.client_keys[1]}\n")
        server = self.start("curvecpmessage", "cat",
                            options=("-v", "--authorized-keys", str(keys)))
        self.hold(server, "curvecpmessage", "-C", "sh", "-c", "echo a >&7; cat <&6",
                  options=("-c", self.client_keys[0]))
        wait_until(server.handlers, PATIENCE, "a connection")
        self.assert_upgrades(server)
        self.assertEqual(len(server.handlers()), 1)
        keys.write_text("")
        self.assert_upgrades(server)
        wait_until(lambda: "its key is not authorized" in server.log, PATIENCE, "the end")
        wait_until(lambda: not server.handlers(), PATIENCE, "the handler leaves")

    def test_limits_count_the_connections_that_were_there_before(self):
        noted = self.file("limited")
        server = self.start(*HANDLER, "echo", noted, options=("-v", "-C", "1"))
        Visitor(self, server).greet().enter()
        self.assert_upgrades(server)
        late = Visitor(self, server).greet()
        late.endpoint.send(late.initiate(late.introduction(token())))
        Visitor(self, server).greet()  # it was dealt with before that
        self.assertEqual(self.lines_of(noted), ["started"])


if __name__ == "__main__":
    main()
