"""A soak: clients that come, talk, move, vanish and are killed, handlers that crash, reloads, and a
flood of Hellos and of garbage beside them. Every transfer that nobody broke is whole, and at the end
the server holds no more than at the start. CURVECP_SOAK_MINUTES says how long, CURVECP_SOAK_CLIENTS
how many at once."""

import hashlib
import os
import random
import select
import signal
import subprocess
import threading
import time

from flooder import Flooder
from footprint import Footprint, memory_kib, wait_for_children, wait_for_quiet
from relay import Relay
from suite import Case, main, wait_until
from visitor import Visitor

SECONDS = 60 * float(os.environ.get("CURVECP_SOAK_MINUTES", "2"))
AT_ONCE = int(os.environ.get("CURVECP_SOAK_CLIENTS", "12"))
LONGEST = 120.0  # a transfer that nobody breaks has ended by then, however busy the machine is
RELOAD_EVERY = 3.0
FLOOD, GARBAGE = 400, 200  # packets a second: they shall disturb, not fill the machine
GROWTH = 1.05  # of memory from the first half to the second
SPARE_KIB = 64  # used cookies of the last two minutes, above that
# One handler in twelve crashes.
HANDLER = """case $((CURVECPCONNID % 12)) in
    0) kill -9 $$ ;;
    *) exec curvecpmessage --keepalive 5 --timeout 20 cat ;;
esac"""
# Sends a file and prints the sum of what comes back.
TALK = 'cat "$1" >&7 & exec 7>&-; sha256sum <&6'


class MovingRelay:
    """Between one client and the server; the server hears it from another port now and then."""

    def __init__(self, server, dice):
        self.front, self.dice = Relay.socket(), dice
        self.port = self.front.getsockname()[1]
        self.server = (server.ip, server.port)
        self.running = True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        back, client, moves = Relay.socket(), None, time.monotonic() + 1
        while self.running:
            if time.monotonic() > moves:
                back.close()
                back, moves = Relay.socket(), time.monotonic() + self.dice.uniform(1, 3)
            for ready in select.select([self.front, back], [], [], 0.05)[0]:
                datagram, sender = ready.recvfrom(65536)
                if ready is self.front:
                    client = sender
                    back.sendto(datagram, self.server)
                elif client:
                    self.front.sendto(datagram, client)
        back.close()

    def end(self):
        self.running = False
        self.thread.join()
        self.front.close()


class Guest:
    """A client with a file to send; `habit` is what becomes of it."""

    def __init__(self, soak, number):
        self.dice = random.Random(number)
        self.habit = self.dice.choices(("talks", "moves", "vanishes", "is killed"),
                                       (10, 2, 2, 2))[0]
        self.path, self.sum = self.dice.choice(soak.files)
        self.relay = MovingRelay(soak.server, self.dice) if self.habit == "moves" else None
        self.process = subprocess.Popen(
            soak.client_command(soak.server, "curvecpmessage", "-C", "--timeout", "15", "sh", "-c", TALK, "sh",
                                self.path, port=self.relay and self.relay.port),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True)
        self.started = time.monotonic()
        self.breaks_at = self.started + self.dice.uniform(0, 1.5)

    def act(self):
        if self.habit in ("vanishes", "is killed") and time.monotonic() > self.breaks_at:
            # All of it at once, or the client alone; nobody says goodbye.
            if self.habit == "vanishes":
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
            self.habit = "broken"

    def outcome(self):
        out, err = self.process.communicate(timeout=10)
        if self.relay:
            self.relay.end()
        if self.habit == "broken":
            return "broken"
        if self.process.returncode == 0 and out.split()[:1] == [self.sum]:
            return "whole"
        if self.process.returncode == 0:
            return f"a wrong sum and status 0: {out!r} {err!r}"
        # The handler that crashes; whoever it hit is told of a failure or of silence.
        return "failed"


class Soak(Case):
    def test_the_server_is_at_the_end_what_it_was_at_the_start(self):
        self.server = self.serve("sh", "-c", HANDLER, options=("-c", "400"))
        self.files = [self.original(size) for size in (0, 1, 5_000, 100_000, 1_000_000)]
        self.visit(AT_ONCE, seconds=5)  # what is needed once is there
        before = Footprint(self.server)
        self.disturb()
        halves = [self.visit(AT_ONCE, SECONDS / 2) for _ in range(2)]
        outcomes = [outcome for half in halves for outcome in half[0]]
        count = {name: outcomes.count(name) for name in sorted(set(outcomes))}
        print(f"{len(outcomes)} connections: {count}; KiB {[half[1] for half in halves]}",
              flush=True)
        self.assertEqual(set(count) - {"whole", "broken", "failed"}, set())
        # A twelfth of the handlers crashed, and nothing else fails.
        self.assertLessEqual(count.get("failed", 0), len(outcomes) / 6 + 3)
        self.assertGreater(count.get("whole", 0), AT_ONCE)
        self.assertLessEqual(halves[1][1], halves[0][1] * GROWTH + SPARE_KIB)
        for flooder in self.flooders:
            flooder.end()
        wait_for_children(self.server, seconds=60)
        after = Footprint(self.server)
        self.assertEqual(after.descriptors, before.descriptors)

    def original(self, size):
        path = self.temporary / f"original-{size}"
        path.write_bytes(os.urandom(size))
        return path, hashlib.sha256(path.read_bytes()).hexdigest()

    def disturb(self):
        visitor = Visitor(self, self.server)
        dice = random.Random(1)
        garbage = [dice.randbytes(dice.randrange(0, 1500)) for _ in range(500)]
        where = (self.server.ip, self.server.port)
        self.flooders = [Flooder(self, [visitor.hello() for _ in range(100)], where, FLOOD),
                         Flooder(self, garbage, where, GARBAGE)]

    def visit(self, at_once, seconds):
        """Returns the outcomes, and the server's memory where it was largest."""
        guests, outcomes, largest = [], [], 0
        end = time.monotonic() + seconds
        reload_at = time.monotonic() + RELOAD_EVERY
        while guests or time.monotonic() < end:
            while len(guests) < at_once and time.monotonic() < end:
                guests.append(Guest(self, len(outcomes) + len(guests)))
            if time.monotonic() > reload_at:
                self.server.process.send_signal(signal.SIGHUP)
                reload_at = time.monotonic() + RELOAD_EVERY
            for guest in guests[:]:
                guest.act()
                if guest.process.poll() is not None:
                    outcomes.append(guest.outcome())
                    guests.remove(guest)
                elif time.monotonic() - guest.started > LONGEST:
                    self.fail(f"a client that {guest.habit} with {guest.path} has not ended")
            largest = max(largest, memory_kib(self.server.pid))
            time.sleep(0.02)
        return outcomes, largest


if __name__ == "__main__":
    main()
