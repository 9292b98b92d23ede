#!/usr/bin/env python3
"""Measures this CurveCP suite beside the reference's tools and others, in turn, on loopback.

Each suite is run by one peer after the other, and then again: what else the machine does meanwhile
meets all alike. The table has the medians; where ours is worse than the reference it says so.
"""

import argparse
import dataclasses
import pathlib
import signal
import subprocess
import sys
import time

import peers
import processes
import report
import suites
from stage import Failed, Stage, adopt_orphans

HERE = pathlib.Path(__file__).resolve().parent
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ATTEMPTS = 3  # ours, because the reference stalls now and then


@dataclasses.dataclass(frozen=True)
class Setting:
    programs: pathlib.Path  # ours
    tools: pathlib.Path  # those that measure
    packages: pathlib.Path  # where those of others are unpacked


def parse():
    parser = argparse.ArgumentParser(description=__doc__, prog="./run bench")
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="of each suite and peer (default 7)")
    parser.add_argument("--quick", action="store_true", help="one short run: to try things, not to compare")
    parser.add_argument("--peers", default=",".join(peers.MAKERS), metavar="NAME,...",
                        help=f"whom to measure, of {', '.join(peers.MAKERS)}")
    parser.add_argument("--programs", type=pathlib.Path, default=HERE.parent / "build/release/bin",
                        help="folder of the programs")
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "results", help="folder for the JSON")
    parser.add_argument("suites", nargs="*", metavar="NAME",
                        help=f"what to measure, of {', '.join(suite.name for suite in suites.ALL)}; default all")
    options = parser.parse_args()
    for given, known in ((options.suites, [suite.name for suite in suites.ALL]),
                         (options.peers.split(","), list(peers.MAKERS))):
        if unknown := set(given) - set(known):
            parser.error(f"no such name: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return options


def available_peers(options):
    programs = options.programs.resolve()
    setting = Setting(programs, programs, programs.parent / "tests/interop/reference")
    for name, make in peers.MAKERS.items():
        if name in options.peers.split(","):
            peer = make(setting)
            if reason := peer.unavailable():
                say(f"{name} is left out: {reason}")
            else:
                yield peer


def say(text):
    """To stderr: the table alone is on stdout."""
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, options):
        self.scale = suites.QUICK if options.quick else suites.Scale()
        self.runs = 1 if options.quick else options.runs
        self.peers = list(available_peers(options))
        tools = options.programs.resolve()
        self.suites = [suite(tools) for suite in suites.ALL if suite.name in (options.suites or suite.name)]
        self.report = report.Report([peer.name for peer in self.peers])

    def run(self):
        for suite in self.suites:
            self.report.expect(suite.figures(self.scale))
        for run in range(1, self.runs + 1):
            for suite in self.suites:
                for peer in self.peers:
                    if suite.name in peer.suites:
                        self.measure(run, suite, peer)

    def measure(self, run, suite, peer):
        started = time.monotonic()
        for _ in range(ATTEMPTS):
            try:
                with Stage() as stage:
                    by_itself = getattr(peer, "measure", None)
                    found = (by_itself(suite, stage, self.scale) if by_itself
                             else suite.measure(peer, stage, self.scale))
            except (Failed, OSError, subprocess.SubprocessError) as error:
                self.report.fail(suite.name, peer.name, error)
                say(f"run {run}: {suite.name}, {peer.name}: {error}")
            else:
                self.report.add(peer.name, found)
                say(f"run {run}: {suite.name}, {peer.name}: {time.monotonic() - started:.1f} s")
                return


def main():
    options = parse()
    # Whoever ends us: no process stays behind.
    for number in ENDINGS:
        signal.signal(number, lambda *_: sys.exit(130))
    adopt_orphans()
    try:
        bench = Bench(options)
        bench.run()
    finally:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        processes.end_descendants()
    print(bench.report.table())
    say(f"All figures: {bench.report.save(options.results)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
