"""The figures of all runs: as a table, and as JSON beside where and when they came about."""

import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOISE = 1.02  # ours, because medians of the same programs differ by as much


def machine():
    """Where, when and what: figures of different machines and hours do not compare."""
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "cpu": cpu[1] if cpu else platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "kernel": platform.release(), "load": os.getloadavg()[0], "commit": commit.stdout.strip()}


class Report:
    def __init__(self, peers):
        self.peers = peers  # names, in the order of the columns
        self.figures = []
        self.values = {}  # (figure's name, peer) -> a value for each run
        self.failures = []
        self.machine = machine()

    def expect(self, figures):
        self.figures += figures

    def add(self, peer, found):
        for name, value in found.items():
            self.values.setdefault((name, peer), []).append(value)

    def fail(self, suite, peer, error):
        self.failures.append(f"{suite}, {peer}: {error}")

    def median(self, figure, peer):
        values = self.values.get((figure.name, peer))
        return statistics.median(values) if values else None

    def times_better(self, figure):
        """How many times as good as the reference ours is; None where that says nothing."""
        ours, reference = self.median(figure, "ours"), self.median(figure, "reference")
        if not ours or not reference:
            return None
        return ours / reference if figure.better == "higher" else reference / ours

    def is_behind(self, figure):
        ours, reference = self.median(figure, "ours"), self.median(figure, "reference")
        if ours is None or reference is None:
            return False
        worse, better = (reference, ours) if figure.better == "higher" else (ours, reference)
        return worse > NOISE * better

    # --- the table -----------------------------------------------------------------------------------

    def table(self):
        rows = [["", "unit", *self.peers, "ours : reference"]]
        rows += [[figure.name, figure.unit, *(self.cell(figure, peer) for peer in self.peers),
                  self.verdict(figure)] for figure in self.figures]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([self.heading(), "", *lines, "", *self.failures, self.summary()])

    def heading(self):
        where = self.machine
        return (f"{where['date']}, {where['cpu']}, {where['cores']} cores, Linux {where['kernel']}, load "
                f"{where['load']:.1f}, commit {where['commit']}\nmedian (least-greatest) of the runs")

    def cell(self, figure, peer):
        values = self.values.get((figure.name, peer))
        if not values:
            return "-"
        if len(values) == 1:
            return short(values[0])
        return f"{short(statistics.median(values))} ({short(min(values))}-{short(max(values))})"

    def verdict(self, figure):
        times = self.times_better(figure)
        behind = "  BEHIND" if self.is_behind(figure) else ""
        return f"{short(times)} times as good{behind}" if times else behind.strip()

    def summary(self):
        if not {"ours", "reference"} <= set(self.peers):
            return "Ours and the reference were not both measured."
        behind = [figure.name for figure in self.figures if self.is_behind(figure)]
        return f"Behind the reference: {'; '.join(behind) if behind else 'nowhere'}."

    # --- JSON ----------------------------------------------------------------------------------------

    def as_json(self):
        figures = [{"name": figure.name, "unit": figure.unit, "better": figure.better,
                    "times_better": self.times_better(figure),
                    "peers": {peer: self.statistics(figure, peer) for peer in self.peers
                              if (figure.name, peer) in self.values}}
                   for figure in self.figures]
        return json.dumps({**self.machine, "failures": self.failures, "figures": figures}, indent=1)

    def statistics(self, figure, peer):
        values = self.values[(figure.name, peer)]
        return {"median": statistics.median(values), "minimum": min(values), "maximum": max(values), "runs": values}

    def save(self, folder):
        """Its name says when and on what."""
        cpu = re.sub(r"[^a-z0-9]+", "-", self.machine["cpu"].lower()).strip("-")
        path = folder / f"{self.machine['date'].replace(':', '').replace('-', '')}-{cpu}.json"
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(self.as_json() + "\n")
        return path


def short(value):
    """Three digits that count."""
    if value is None or value == 0:
        return "0"
    digits = max(0, 2 - int(f"{abs(value):e}".partition("e")[2]))
    return f"{value:.{min(digits, 3)}f}"
