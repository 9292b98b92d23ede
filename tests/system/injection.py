"""Faults of system calls, put into one process by strace, beside a connection that must not notice.

A row of a table says which calls fail with which errors, and what comes of it; each case of it is
one error in one way. Every case has a server, a bystander's connection and then a victim's."""

import collections
import concurrent.futures
import os
import re
import select
import shutil
import subprocess
import time
import typing
import unittest

from suite import Case, cpu_seconds, open_descriptors, wait_until

ONCE = "once"  # the victim's first call fails,
AGAIN = "again"  # its second and every third from there,
ALWAYS = "always"  # or each call of the process
EACH = bool(os.environ.get("CURVECP_THOROUGH"))  # every error in every way, not just in one
WORKERS = 3  # they mostly wait
DATA = "".join(f"{i:07d}\n" for i in range(20_000))
# A peer that is gone is soon taken for gone.
SERVICE = ("curvecpmessage", "--timeout", "3", "cat")
CLIENT = ("curvecpmessage", "-C", "--timeout", "3", "--stdio")


class Row(typing.NamedTuple):
    where: str  # server, client, or the handler that is served or asking
    call: str
    errors: str
    ways: tuple = (ONCE, AGAIN)
    skip: int = 0  # so many of the victim's calls come before
    whole: bool = True  # the transfer ends right all the same
    says: str = ""  # what the client and its handler say, and
    logs: str = ""  # what the server and its handlers do
    certain: bool = True  # that the victim makes such a call

    def cases(self):
        """Every error in every way; or every error, and every way, at least once."""
        for i, error in enumerate(self.errors.split()):
            for way in self.ways if EACH else self.ways[i % len(self.ways):][:1]:
                yield self, error, way


def strace(trace, *expressions):
    """What stands in front of a command; the process that is traced stays our own child."""
    words = ["strace", "-D", "-q", "-ttt", "-o", str(trace)]
    for expression in expressions:
        words += ["-e", expression]
    return tuple(words)


def inject(trace, call, error, when):
    """`when` counts the calls: "5" is the fifth alone, "5+3" every third from there."""
    return strace(trace, f"trace={call}", f"inject={call}:error={error}:when={when}")


def counts(trace, until):
    """How often each system call was made up to a point in time."""
    found = collections.Counter()
    for line in trace.read_text(errors="replace").splitlines():
        match = re.match(r"([\d.]+) ([a-z_0-9]+)\(", line)
        if match and float(match[1]) <= until:
            found[match[2]] += 1
    return found


class Bystander:
    """A connection to an echo that goes on while others fail."""

    def __init__(self, case, server):
        self.case, self.asked = case, 0
        self.process = case.hold(server, "curvecpmessage", "-C", "--stdio", stdin=subprocess.PIPE)
        self.ask()

    def ask(self):
        self.asked += 1
        line = f"line {self.asked}\n"
        self.process.stdin.write(line)
        self.process.stdin.flush()
        ready = select.select([self.process.stdout], [], [], 15)[0]
        self.case.assertTrue(ready, "the bystander got no answer")
        got = self.process.stdout.readline()
        self.case.assertEqual(got, line, got or f"the bystander: {self.process.communicate()}")


strace_is_there = unittest.skipUnless(shutil.which("strace"), "no strace here")


@strace_is_there
class FaultCase(Case):
    def check(self, *tables):
        """All cases of all rows, several at a time; tells of each that is not as its row says."""
        cases = [case for table in tables for row in table for case in row.cases()]
        before = self.calls_before_a_victim() if any(r.where == "server" for r, *_ in cases) else {}
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            outcomes = list(pool.map(lambda n: self.outcome(n, *cases[n], before),
                                     range(len(cases))))
        print(f"{len(cases)} faults in {time.monotonic() - started:.0f} s", flush=True)
        for outcome in filter(None, outcomes):
            with self.subTest():
                self.fail(outcome)

    def calls_before_a_victim(self):
        """How many calls of each kind a server has made when there is just the bystander."""
        trace = self.file("trace")
        server = self.serve(*SERVICE, prefix=strace(trace))
        Bystander(self, server)
        time.sleep(0.2)  # its reply has been acknowledged
        now = time.time()
        server.end()
        wait_until(lambda: "+++" in trace.read_text(errors="replace"), 5, "the trace is written")
        return counts(trace, now)

    def outcome(self, number, row, error, way, before):
        """What is wrong, if anything."""
        offset = row.skip + (before[row.call] if row.where == "server" else 0)
        when = {ONCE: f"{offset + 1}", AGAIN: f"{offset + 2}+3", ALWAYS: "1+1"}[way]
        trace = self.file(f"trace-{number}")
        try:
            self.one(number, row, inject(trace, row.call, error, when), trace)
        except (AssertionError, OSError, subprocess.SubprocessError) as wrong:
            return f"{row.where}, {row.call}, {error}, {way} ({when}): {wrong}"

    def one(self, number, row, injection, trace):
        prefix = self.file(f"prefix-{number}", "env")
        server = self.serve("sh", "-c", 'exec $(cat "$0") "$@"', prefix, *SERVICE,
                            options=("-c", "2"), prefix=injection if row.where == "server" else ())
        bystander = Bystander(self, server)
        before = self.descriptors(server)
        if row.where == "served":
            prefix.write_text(" ".join(injection))
        handler = (*injection, *CLIENT) if row.where == "asking" else CLIENT
        command = self.client_command(server, *handler)
        if row.where == "client":
            command = [*injection, *command]
        done = subprocess.run(command, input=DATA, capture_output=True, text=True, timeout=30)
        prefix.write_text("env")
        bystander.ask()
        self.assert_nothing_left(server, before)
        self.assert_as_said(row, done, server)
        if row.certain:
            self.assertIn("(INJECTED)", trace.read_text(errors="replace"), "there was a fault")
        server.end()
        self.end_held(bystander.process)

    def assert_as_said(self, row, done, server):
        """One line where something failed, and none where nothing did."""
        right = (done.returncode, done.stdout) == (0, DATA)
        said = f"exit {done.returncode}, {len(done.stdout)} bytes: {done.stderr!r}, {server.log!r}"
        self.assertEqual(right, row.whole, said)
        if not row.whole:
            self.assertEqual(done.returncode, 111, said)
        for text, pattern in ((done.stderr, row.says), (server.log, row.logs)):
            lines = text.splitlines()
            self.assertLessEqual(len(lines), 2, said)
            self.assertEqual(any(re.search(pattern, line) for line in lines), bool(pattern), said)
            self.assertTrue(pattern or not lines, said)

    def assert_nothing_left(self, server, before):
        wait_until(lambda: len(server.handlers()) == 1, 15, "the victim's handler is gone")
        self.assertIsNone(server.process.poll(), f"the server lives: {server.log}")
        self.assertEqual(self.descriptors(server), before, "descriptors")
        used = cpu_seconds(server.pid)
        time.sleep(0.4)
        self.assertLess(cpu_seconds(server.pid) - used, 0.15, "the server is quiet")

    @staticmethod
    def descriptors(server):
        """Only root may count those of a process that allows no core dumps."""
        return open_descriptors(server.pid) if os.geteuid() == 0 else None
