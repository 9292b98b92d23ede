"""What somebody would find who got hold of a process's memory: all of it that is there, the stack
and the heap included, at one moment."""

import contextlib
import os
import pathlib
import re
import signal
import unittest

from suite import wait_until

# A quarter of a key. Whatever has 15 bytes of it in a row has one of these, wherever they begin.
PIECE = 8


def pieces(secret):
    return [secret[start:start + PIECE] for start in range(0, len(secret) - PIECE + 1, PIECE)]


class Mapping:
    def __init__(self, line):
        span, self.rights, _, _, _, *name = line.split(maxsplit=5)
        self.start, self.end = (int(part, 16) for part in span.split("-"))
        self.name = name[0] if name else "anonymous"
        self.flags = []

    @property
    def is_guarded(self):
        """Locked, so never swapped out, and left out of core dumps."""
        return {"lo", "dd"} <= set(self.flags)

    def __repr__(self):
        return f"{self.name} {self.rights}{' guarded' if self.is_guarded else ''}"


def mappings(pid):
    found = []
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            found.append(Mapping(line))
        elif line.startswith("VmFlags:"):
            found[-1].flags = line.split()[1:]
    return found


def open_files(pid):
    directory = pathlib.Path(f"/proc/{pid}/fd")
    return [os.readlink(entry) for entry in directory.iterdir()]


def state(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@contextlib.contextmanager
def frozen(pid):
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: state(pid) in "Tt", 5, "the process stops")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class Snapshot:
    def __init__(self, pid):
        """Of a process that is stopped."""
        try:
            with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
                self.contents = list(self.read(memory, mappings(pid)))
        except PermissionError as error:
            raise unittest.SkipTest(f"the memory of others cannot be read here: {error}")

    @staticmethod
    def read(memory, found):
        for mapping in found:
            if mapping.rights.startswith("r") and mapping.name != "[vsyscall]":
                # Nothing of it may be there.
                with contextlib.suppress(OSError):
                    size = mapping.end - mapping.start
                    yield mapping, os.pread(memory.fileno(), size, mapping.start)

    def places(self, secret):
        """Where anything of the secret is."""
        return [mapping for mapping, content in self.contents
                if any(piece in content for piece in pieces(secret))]

    def guarded_keys(self):
        """Everything in guarded memory that has the size of a key."""
        for mapping, content in self.contents:
            if mapping.is_guarded:
                for start in range(0, len(content) - 31, 8):
                    yield content[start:start + 32]


def snapshot(pid):
    with frozen(pid):
        return Snapshot(pid)
