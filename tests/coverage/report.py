#!/usr/bin/env python3
"""report.py GCOVR_JSON <PURE_FILES: what the tests reach, file by file. Exit 1 where that is too
little of the pure files; others are shown for information."""

import json
import sys

# The project's promise for the pure files, in percent.
LEAST_LINES = 95
LEAST_BRANCHES = 85


def branches_in_source(branches):
    """The branches that a reader sees. After each call that may throw gcov counts two: on, and out.
    gcovr --exclude-throw-branches takes only "out" away, and "on", which every test that gets there
    takes, would embellish the figure: so here both go."""
    out = {i for i, branch in enumerate(branches) if branch["throw"]}
    return [branch for i, branch in enumerate(branches) if i not in out and i + 1 not in out]


class Reached:
    """How many of how many, and what is missing."""

    def __init__(self):
        self.hit = self.all = 0
        self.missed = []

    def count(self, line, hits):
        self.all += len(hits)
        self.hit += sum(hits)
        if not all(hits):
            self.missed.append(line)

    def add(self, other):
        self.hit += other.hit
        self.all += other.all

    def percent(self):
        return 100 * self.hit / self.all if self.all else 100.0

    def __str__(self):
        return f"{self.hit:5}/{self.all:<5}{self.percent():6.1f}%"


class File:
    def __init__(self, name, lines=()):
        self.name = name
        self.lines, self.branches = Reached(), Reached()
        for line in lines:
            if line["gcovr/noncode"]:
                continue
            number = line["line_number"]
            self.lines.count(number, [line["count"] > 0])
            taken = [branch["count"] > 0 for branch in branches_in_source(line["branches"])]
            self.branches.count(number, taken)

    def missed(self):
        return [str(n) for n in self.lines.missed] + [f"{n}?" for n in self.branches.missed]

    def __str__(self):
        return f"{self.name:42}{self.lines}  {self.branches}"


def total(files):
    sum_of_all = File("total")
    for file in files:
        sum_of_all.lines.add(file.lines)
        sum_of_all.branches.add(file.branches)
    return sum_of_all


def print_table(title, files, tell_missed):
    print(f"\n{title:42}{'lines':>18}  {'branches':>18}")
    for file in files:
        missed = " ".join(file.missed()) if tell_missed else ""
        print(f"{file}   {missed}".rstrip())
    print(total(files))


def shortcomings(pure, files):
    """What keeps the promise from being kept."""
    measured = {file.name for file in files}
    for name in sorted(pure - measured):
        if name.endswith(".cpp"):
            yield f"{name} was not measured"
    sum_of_all = total(files)
    for what, reached, least in (
        ("lines", sum_of_all.lines, LEAST_LINES),
        ("branches", sum_of_all.branches, LEAST_BRANCHES),
    ):
        if reached.percent() < least:
            yield f"{reached.percent():.1f}% of the {what} in pure files, {least}% are wanted"


def main():
    with open(sys.argv[1], encoding="utf-8") as report:
        measured = [File(file["file"], file["lines"]) for file in json.load(report)["files"]]
    pure = set(sys.stdin.read().split())
    pure_files = [file for file in measured if file.name in pure and file.lines.all]
    print("\nFor information: what needs the kernel, which the system tests run, and they are not measured.")
    print_table("other files", [file for file in measured if file.name not in pure], False)
    print_table("pure files; not reached: line, or branch?", pure_files, True)
    found = list(shortcomings(pure, pure_files))
    for text in found:
        print(f"coverage: {text}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
