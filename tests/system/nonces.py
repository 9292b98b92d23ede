"""No nonce under a long-term key is ever used twice: not by servers and clients that are killed at
any moment and started again, not by two at once, not when no more can be reserved. The random half
of every long-term nonce is made zero here, so that only the counter on disk tells them apart."""

import os
import pathlib
import random
import signal
import struct
import subprocess
import time
import unittest

from endpoint import Endpoint
from forged_client import ForgedClient
from forged_server import ForgedServer
from injection import Bystander, strace, strace_is_there
from packet import COOKIE, INITIATE, INTRODUCTION, MAGIC
from suite import EXTENSION, HANDLER, NAME, PROGRAMS, Case, free_port, main, wait_until

BLOCK = 1 << 20  # what a server reserves
HALF = BLOCK // 2  # when it reserves more
ROUNDS = 12
# The first eight bytes of whatever the kernel gives at random.
NO_RANDOM = "inject=getrandom:poke_exit=@arg1=0000000000000000"
RESERVING = "trace=getrandom,pwrite64,fsync"


@strace_is_there
class Nonces(Case):
    def setUp(self):
        super().setUp()
        self.seen = set()

    def traced(self, *expressions):
        return strace("/dev/null", RESERVING, NO_RANDOM, *expressions)

    def server_command(self, port, *expressions):
        return [*self.traced(*expressions), PROGRAMS / "curvecpserver", NAME, self.server_keys[0],
                "127.0.0.1", str(port), EXTENSION, "curvecpmessage", "cat"]

    def visitor(self, port):
        client = ForgedClient(bytes.fromhex(self.server_keys[1]), bytes.fromhex(EXTENSION), NAME)
        return Endpoint(self, ("127.0.0.1", port)), client.hello()

    def note(self, nonce):
        self.assertNotIn(nonce, self.seen, "a nonce was used twice")
        self.seen.add(nonce)

    def note_cookies(self, packets):
        for packet in packets:
            self.assertEqual(packet[:8], MAGIC["cookie"])
            self.note(COOKIE.get(packet, "nonce"))
        return len(packets)

    def ask(self, endpoint, hello, count):
        """Sends so many Hellos, and takes what comes back: a Cookie for each, or less."""
        endpoint.send(*[hello] * count)
        found = 0
        while found < count and (packet := endpoint.receive(0.5)) is not None:
            found += self.note_cookies([packet])
        return found

    def test_of_servers_that_are_killed_at_any_moment_two_at_a_time(self):
        chance = random.Random(1)
        visitors = [self.visitor(free_port()) for _ in range(2)]
        for _ in range(ROUNDS):
            servers = [subprocess.Popen(self.server_command(endpoint.peer[1]),
                                        stderr=subprocess.DEVNULL) for endpoint, _ in visitors]
            end = time.monotonic() + chance.uniform(0.02, 0.6)
            while time.monotonic() < end:
                for endpoint, hello in visitors:
                    endpoint.send(hello)
                    time.sleep(0.002)
                    self.note_cookies(endpoint.waiting())
            for server in servers:
                server.kill()
            for server in servers:
                server.wait()
            for endpoint, _ in visitors:
                self.note_cookies(endpoint.waiting())
        self.assertGreater(len(self.seen), 100)

    def test_of_servers_that_are_killed_while_they_reserve(self):
        endpoint, hello = self.visitor(free_port())
        for expression in ("inject=pwrite64:signal=KILL", "inject=fsync:signal=KILL", None) * 2:
            command = self.server_command(endpoint.peer[1], *filter(None, [expression]))
            server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            self.addCleanup(self.end_held, server)
            if expression:
                self.assertEqual(server.wait(timeout=10), -signal.SIGKILL)
            else:
                wait_until(lambda: self.ask(endpoint, hello, 1), 10, "the server answers")
                self.assertGreater(self.ask(endpoint, hello, 5), 0)
                server.kill()
            server.wait()

    def test_of_servers_that_start_at_the_same_moment(self):
        """Each is slow to write what it has reserved."""
        visitors = [self.visitor(free_port()) for _ in range(4)]
        for endpoint, _ in visitors:
            command = self.server_command(endpoint.peer[1], "inject=pwrite64:delay_enter=200000")
            self.addCleanup(self.end_held, subprocess.Popen(command, stderr=subprocess.PIPE))
        for endpoint, hello in visitors:
            wait_until(lambda e=endpoint, h=hello: self.ask(e, h, 1), 10, "the server answers")

    def traced_client(self, server, trace, *expressions):
        return [*strace(trace, RESERVING, *expressions), PROGRAMS / "curvecpclient", "-c",
                self.client_keys[0], NAME, server.key, server.ip, str(server.port), EXTENSION,
                *HANDLER, "hold"]

    def no_random_in_the_vouch(self):
        """A client asks the kernel for its nonce's random half last."""
        trace, server = self.file("trace"), ForgedServer(self)
        client = subprocess.Popen(self.traced_client(server, trace), stderr=subprocess.PIPE)
        self.addCleanup(self.end_held, client)
        self.note(self.vouch_nonce(server))
        client.kill()
        wait_until(lambda: "+++" in trace.read_text(), 5, "the trace is written")
        calls = [line for line in trace.read_text().splitlines() if " getrandom(" in line]
        self.assertIn(", 8, 0) = 8", calls[-1])
        return f"{NO_RANDOM}:when={len(calls)}"

    def test_of_clients_that_start_at_the_same_moment_and_are_killed(self):
        no_random = self.no_random_in_the_vouch()
        for _ in range(3):
            servers = [ForgedServer(self) for _ in range(4)]
            for server in servers:
                command = self.traced_client(server, "/dev/null", no_random,
                                             "inject=pwrite64:delay_enter=50000")
                client = subprocess.Popen(command, stderr=subprocess.PIPE)
                self.addCleanup(self.end_held, client)
            for server in servers:
                self.note(self.vouch_nonce(server))
        self.assertEqual(self.counters(self.client_keys[0]), len(self.seen))

    @staticmethod
    def vouch_nonce(server):
        server.hear_hello()
        server.endpoint.send(server.cookie())
        is_initiate = lambda packet: packet.startswith(MAGIC["initiate"])
        packet = server.endpoint.receive_until(is_initiate)[1]
        plaintext = server.short_short.open(b"CurveCP-client-I" + INITIATE.get(packet, "nonce"),
                                            INITIATE.get(packet, "box"))
        return INTRODUCTION.get(plaintext, "vouch")[:16]

    def counters(self, keys=None):
        """The first that is free, on disk."""
        path = (keys or self.server_keys[0]) / ".expertsonly/noncecounter"
        return struct.unpack("<Q", path.read_bytes())[0]

    def go_on_to(self, server, left):
        """A server as if it had so many nonces left, half a million Hellos later: nobody waits for
        those here. Beside the next counter it has how many are left, and their sum is on disk."""
        end = self.counters()
        try:
            with open(f"/proc/{server.pid}/mem", "r+b", buffering=0) as memory:
                places = list(self.pairs_of_sum(end, server.pid, memory.fileno()))
                self.assertEqual(len(places), 1, "next counter and how many are left")
                os.pwrite(memory.fileno(), struct.pack("<QQ", end - left, left), places[0])
        except PermissionError as error:
            raise unittest.SkipTest(f"the memory of others cannot be read here: {error}")

    @staticmethod
    def pairs_of_sum(end, pid, memory):
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            if line.endswith("[heap]"):
                start, stop = (int(part, 16) for part in line.split()[0].split("-"))
                content = os.pread(memory, stop - start, start)
                words = [word for word, in struct.iter_unpack("<Q", content)]
                for i, (following, left) in enumerate(zip(words, words[1:])):
                    if following + left == end and 0 < left < BLOCK:
                        yield start + 8 * i

    def test_when_no_more_can_be_reserved_until_they_can(self):
        log = "error: no nonces reserved: cannot write .*/noncecounter: no space left on device"
        server = self.serve("curvecpmessage", "cat",
                            prefix=self.traced("inject=pwrite64:error=ENOSPC:when=2"))
        endpoint, hello = self.visitor(server.port)
        bystander = Bystander(self, server)
        reserved = self.counters()
        self.go_on_to(server, HALF + 3)
        self.assertEqual(self.ask(endpoint, hello, 9), 9, "there is half a block still")
        failed = time.monotonic()
        self.assert_one_line(server.log, log)
        self.go_on_to(server, 4)
        self.assertEqual(self.ask(endpoint, hello, 9), 4, "no more than are left")
        bystander.ask()
        self.assertEqual(self.counters(), reserved)
        wait_until(lambda: self.ask(endpoint, hello, 1), 30, "there is room on the disk again")
        self.assertGreater(time.monotonic() - failed, 9, "not at every packet")
        self.assertEqual(self.counters(), reserved + BLOCK)
        self.assertEqual(self.ask(endpoint, hello, 9), 9)
        self.assert_one_line(server.log, log)
        bystander.ask()


if __name__ == "__main__":
    main()
