#!/usr/bin/env python3
"""Connections in which each part is ours or the reference's: what is sent arrives, exit codes hold.

Each line names the server, its handler, the client and its handler, whether the server (-c) or the
client (-C) speaks first, and the bytes that each side sends.
"""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import reference
from case import ALL_PARTS, Case, Connection, Failed, Parts, Stalled

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
ATTEMPTS = 3  # for a case that stalled and has a part of the reference's, which does stall now and then
ALL_OURS = Parts("ours", "ours", "ours", "ours")
MEGABYTE = 1_000_000


def matrix(sizes):
    """Every combination with both modes, so that each meets exit codes 0 and others, and key directories."""
    return [Case(parts, mode, size, exit_code=exit_code, client_key=exit_code != 0)
            for size in sizes for parts in ALL_PARTS
            for mode, exit_code in (("-c", 23 if size == 1 else 0), ("-C", 0 if size == 1 else 42))]


def both_at_once():
    return [Case(parts, "-C", MEGABYTE, both=True, client_key=True) for parts in ALL_PARTS]


def large():
    size = 100 * MEGABYTE
    return [Case(ALL_OURS, mode, size, both=both, limit=60.0)
            for mode, both in (("-c", False), ("-C", False), ("-C", True))]


def pause():
    """A receiver of the reference's is silent while its program reads nothing: nobody takes it for
    vanished, and all arrives in the end. It sends nothing itself: what it measures as the round-trip
    time is the pause."""
    pauses = [(Parts("ours", "ours", "reference", "reference"), "-c"),
              (Parts("ours", "ours", "ours", "reference"), "-c"),
              (Parts("reference", "reference", "ours", "ours"), "-C")]
    return [Case(parts, mode, MEGABYTE, pause=90, limit=150.0) for parts, mode in pauses]


GROUPS = {
    "empty": lambda: matrix([0]),
    "byte": lambda: matrix([1]),
    "megabyte": lambda: matrix([MEGABYTE]),
    "both": both_at_once,
    "large": large,
    "pause": pause,
}


class Runner:
    def __init__(self, suites, peer, folder, limit):
        self.suites = suites
        self.peer = str(peer)
        self.folder = folder
        self.deadline = time.monotonic() + limit

    def attempt(self, case):
        """Raises Failed with all that is known; returns what the parts said."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        connection = Connection(case, self.suites, self.peer, folder)
        try:
            connection.run()
        except Failed as error:
            raise type(error)("\n    ".join([str(error), *connection.errors()])) from None
        return connection.errors()

    def run(self, case):
        """True if the case holds; prints its line."""
        for attempt in range(1, ATTEMPTS + 1):
            started = time.monotonic()
            if started > self.deadline:
                return report("FAILED", case, started, "no time is left for it")
            try:
                said = self.attempt(case)
            except Stalled as error:
                if case.parts.all_ours() or attempt == ATTEMPTS:
                    return report("FAILED", case, started, str(error))
                report("STALLED, tried again", case, started, str(error))
            except Failed as error:
                return report("FAILED", case, started, str(error))
            else:
                return report("ok", case, started, "\n    ".join(said), True)
        return False

    def run_all(self, cases, jobs):
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            results = list(pool.map(self.run, cases))
        print(f"{results.count(True)} of {len(results)} cases hold", flush=True)
        return all(results)


def report(verdict, case, started, details, result=False):
    seconds = time.monotonic() - started
    line = f"{verdict}: {case} ({seconds:.1f} s)"
    # In one write: cases end side by side.
    sys.stdout.write((f"{line}\n    {details}" if details else line) + "\n")
    sys.stdout.flush()
    return result


def keys_agree(suites, folder):
    """A key directory of either suite is read alike by both suites' curvecpprintkey."""
    held = True
    for maker in suites:
        keydir = folder / f"made-by-{maker}"
        subprocess.run([suites[maker] / "curvecpmakekey", keydir], check=True, timeout=10)
        want = (keydir / "publickey").read_bytes().hex() + "\n"
        for reader in suites:
            printed = subprocess.run([suites[reader] / "curvecpprintkey", keydir], capture_output=True, text=True,
                                     timeout=10)
            good = printed.returncode == 0 and printed.stdout == want
            print(f"{'ok' if good else 'FAILED'}: {reader} prints a key made by {maker}", printed.stderr, flush=True)
            held = held and good
    return held


def damage_is_noticed(runner):
    """The checks themselves: one wrong byte and one wrong exit code must make a case fail."""
    noticed = True
    for damage, symptom in (("byte", "to the client: sent"), ("exit", "the client's exit code is 43")):
        case = Case(ALL_OURS, "-C", 1000, exit_code=42, damage=damage)
        try:
            runner.attempt(case)
            found = "nothing"
        except Failed as error:
            found = str(error)
        good = symptom in found
        print(f"{'ok' if good else 'FAILED'}: a wrong {damage} was noticed as: {found}", flush=True)
        noticed = noticed and good
    return noticed


def unavailable(error):
    if os.environ.get("CURVECP_REQUIRE_ALL") == "1":
        print(f"FAILED: the reference is needed and not to be had: {error}")
        return 1
    print(f"SKIPPED: NO INTEROPERABILITY WAS TESTED, the reference (nacl-tools) is not to be had: {error}")
    return SKIPPED


def run_group(options, suites):
    with tempfile.TemporaryDirectory(prefix="interop-") as name:
        folder = pathlib.Path(name)
        runner = Runner(suites, options.peer.resolve(), folder, options.limit)
        if options.group == "keys":
            return keys_agree(suites, folder)
        if options.group == "damage":
            return damage_is_noticed(runner)
        return runner.run_all(GROUPS[options.group](), options.jobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", type=pathlib.Path, required=True, help="folder of our programs, or `reference`")
    parser.add_argument("--peer", type=pathlib.Path, required=True, help="the program at both ends")
    parser.add_argument("--reference", type=pathlib.Path, required=True,
                        help="folder that the reference is unpacked into")
    parser.add_argument("--jobs", type=int, default=3, help="cases at once")
    parser.add_argument("--limit", type=float, default=200, help="seconds after which no case is begun")
    parser.add_argument("group", choices=["keys", "damage", *GROUPS])
    options = parser.parse_args()
    try:
        programs = reference.unpack(options.reference)
    except reference.Unavailable as error:
        return unavailable(error)
    ours = programs if str(options.ours) == "reference" else options.ours.resolve()
    return 0 if run_group(options, {"ours": ours, "reference": programs}) else 1


if __name__ == "__main__":
    sys.exit(main())
