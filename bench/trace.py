#!/usr/bin/env python3
"""trace.py TRACE [PICTURE.svg]: makes a picture of what `curvecpmessage --trace TRACE` wrote: the rate,
the round-trip time, and what is in flight, over the time, with the losses and the controller's states.
Where several handlers wrote to the file it shows the one that sent most; --process PID chooses."""

import argparse
import collections
import json
import pathlib
import sys
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP, PANEL, GAP = 1000, 80, 150, 50, 180, 40
COLOURS = ("#1764ab", "#c8541b", "#2c8a3f")
STATES = ("#eef3fb", "#fdf3e1", "#eaf6ea", "#fbe9ee", "#f1ecf8", "#e8f5f6", "#f4f4e6")


def read(path, process=None):
    """The lines of one process, as dictionaries."""
    processes = collections.defaultdict(list)
    for number, text in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
        try:
            line = json.loads(text)
            processes[line["process"]].append(line)
        except (ValueError, KeyError, TypeError):
            sys.exit(f"trace.py: {path}:{number}: not a line of a trace: {text[:60]}")
    if not processes:
        sys.exit(f"trace.py: {path}: nothing in it")
    if process is None:
        process = max(processes, key=lambda pid: processes[pid][-1]["acknowledged"])
    if process not in processes:
        sys.exit(f"trace.py: {path}: no line of process {process}")
    return processes[process]


def delivered(lines, window=0.1):
    """Mbit/s that were acknowledged, each over the last tenth of a second."""
    points, first = [], 0
    for line in lines:
        while lines[first]["time_us"] < line["time_us"] - window * 1e6:
            first += 1
        span = (line["time_us"] - lines[first]["time_us"]) / 1e6
        if span >= window / 4:
            size = line["acknowledged"] - lines[first]["acknowledged"]
            points.append((line["time_us"] / 1e6, size * 8 / 1e6 / span))
    return points


def curve(lines, name, factor):
    return [(line["time_us"] / 1e6, line[name] * factor) for line in lines]


def panels(lines):
    """Title, and the curves by name."""
    paced = [line for line in lines if line["rate"]]
    return (("Mbit/s", {"paced to": curve(paced, "rate", 8 / 1e6), "arrives": delivered(lines)}),
            ("round-trip time, ms", {"last": curve(lines, "rtt_us", 1 / 1000),
                                     "smoothed": curve(lines, "smoothed_rtt_us", 1 / 1000),
                                     "least": curve(lines, "least_rtt_us", 1 / 1000)}),
            ("KiB", {"window": curve(lines, "window", 1 / 1024),
                     "in flight": curve(lines, "in_flight", 1 / 1024)}))


def round_up(value):
    """A number with one digit that is not smaller."""
    if value <= 0:
        return 1
    unit = 10 ** (len(str(int(value))) - 1) if value >= 1 else 0.1
    return -(-value // unit) * unit


class Picture:
    def __init__(self, lines):
        self.lines = lines
        self.begin = lines[0]["time_us"] / 1e6
        self.end = max(lines[-1]["time_us"] / 1e6, self.begin + 0.001)
        self.parts = []

    def x(self, seconds):
        return LEFT + (seconds - self.begin) / (self.end - self.begin) * (WIDTH - LEFT - RIGHT)

    def add(self, tag, text=None, **attributes):
        words = "".join(f' {name.rstrip("_").replace("_", "-")}="{value}"'
                        for name, value in attributes.items())
        self.parts.append(f"<{tag}{words}/>" if text is None
                          else f"<{tag}{words}>{escape(text)}</{tag}>")

    def text(self, x, y, text, **attributes):
        self.add("text", text, x=f"{x:.1f}", y=f"{y:.1f}", **attributes)

    def states(self, height):
        """Bands in the colour of the state, named where they are wide enough, or first seen."""
        colours, begin = {}, 0
        for i, line in enumerate(self.lines):
            last = i + 1 == len(self.lines)
            if not last and self.lines[i + 1]["state"] == line["state"]:
                continue
            left = self.x(self.lines[begin]["time_us"] / 1e6)
            right = self.x(self.lines[i if last else i + 1]["time_us"] / 1e6)
            colour = colours.setdefault(line["state"], STATES[len(colours) % len(STATES)])
            self.add("rect", x=f"{left:.1f}", y=TOP, width=f"{right - left:.1f}",
                     height=height, fill=colour)
            begin = i + 1
        for i, (state, colour) in enumerate(colours.items()):
            self.add("rect", x=LEFT + 100 * i, y=TOP - 24, width=12, height=12, fill=colour,
                     stroke="#999")
            self.text(LEFT + 100 * i + 17, TOP - 14, state)

    def losses(self, height):
        before = 0
        for line in self.lines:
            if line["lost"] > before:
                x = f"{self.x(line['time_us'] / 1e6):.1f}"
                self.add("line", x1=x, x2=x, y1=TOP + height, y2=TOP + height + 6,
                         stroke="#c00")
            before = line["lost"]

    def panel(self, top, title, curves):
        most = round_up(max((y for points in curves.values() for _, y in points), default=1))
        bottom = top + PANEL
        self.add("rect", x=LEFT, y=top, width=WIDTH - LEFT - RIGHT, height=PANEL, fill="none",
                 stroke="#666")
        for part in (0, 0.5, 1):
            y = bottom - part * PANEL
            self.add("line", x1=LEFT - 4, x2=LEFT, y1=y, y2=y, stroke="#666")
            self.text(LEFT - 8, y + 4, f"{part * most:g}", text_anchor="end")
        self.text(LEFT, top - 6, title)
        for i, (name, points) in enumerate(curves.items()):
            where = " ".join(f"{self.x(x):.1f},{bottom - y / most * PANEL:.1f}"
                             for x, y in points)
            self.add("polyline", points=where, fill="none", stroke=COLOURS[i], stroke_width=1.2)
            self.text(WIDTH - RIGHT + 12, top + 16 * (i + 1), name, fill=COLOURS[i])

    def time_axis(self, y):
        for i in range(6):
            seconds = self.begin + (self.end - self.begin) * i / 5
            self.text(self.x(seconds), y, f"{seconds:.3g} s", text_anchor="middle")

    def svg(self, title):
        shown = panels(self.lines)
        inner = len(shown) * (PANEL + GAP) - GAP
        self.states(inner)
        for i, (name, curves) in enumerate(shown):
            self.panel(TOP + i * (PANEL + GAP), name, curves)
        self.losses(inner)
        self.time_axis(TOP + inner + 22)
        last = self.lines[-1]
        self.text(LEFT, 18, f"{title}: {last['acknowledged']} bytes, {last['blocks']} blocks, "
                  f"{last['sent_again']} sent again, {last['lost']} lost (red), "
                  f"{last['spurious']} of these in vain")
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
                f'height="{TOP + inner + 34}" font-family="sans-serif" font-size="12">'
                '<rect width="100%" height="100%" fill="white"/>')
        return "\n".join([head, *self.parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trace", type=pathlib.Path)
    parser.add_argument("picture", type=pathlib.Path, nargs="?", help="default: TRACE.svg")
    parser.add_argument("--process", type=int, help="of the handler")
    asked = parser.parse_args()
    try:
        lines = read(asked.trace, asked.process)
        picture = asked.picture or asked.trace.with_name(asked.trace.name + ".svg")
        picture.write_text(Picture(lines).svg(asked.trace.name), encoding="utf-8")
    except OSError as error:
        sys.exit(f"trace.py: {error.filename}: {error.strerror}")
    print(picture)


if __name__ == "__main__":
    main()
