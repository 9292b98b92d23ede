"""What the kernel knows of processes: who is whose child, processor time, memory."""

import os
import pathlib
import re
import signal
import time

PROC = pathlib.Path("/proc")


def parents():
    """The parent of each process that is not a zombie."""
    found = {}
    for name in os.listdir(PROC):
        if name.isdigit():
            try:
                state, parent = (PROC / name / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                found[int(name)] = int(parent)
    return found


def children(pid, tree=None):
    tree = tree or parents()
    return [child for child, parent in tree.items() if parent == pid]


def descendants(pid):
    tree = parents()
    below = {}
    for child, parent in tree.items():
        below.setdefault(parent, []).append(child)
    found = list(below.get(pid, []))
    for one in found:
        found += below.get(one, [])
    return found


def end_descendants():
    """Of this process, which has to be their subreaper, so that none can hide behind a dead parent."""
    while left := descendants(os.getpid()):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        reap()
        time.sleep(0.02)
    reap()


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def cpu_seconds(pid):
    """What the process has used so far, all threads, without its children.

    Read while the process lives: what a child of the reference's server has used is lost when it
    ends, since that server ignores SIGCHLD, and so wait4() has nothing to tell. The kernel counts
    nanoseconds in schedstat; where there is none, ticks in stat.
    """
    tasks = PROC / str(pid) / "task"
    try:
        return sum(int((tasks / task / "schedstat").read_text().split()[0])
                   for task in os.listdir(tasks)) / 1e9
    except FileNotFoundError:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kb(pid):
    """Readable for everybody, unlike smaps_rollup, which those that hold keys refuse."""
    return int(re.search(r"VmRSS:\s+(\d+)", (PROC / str(pid) / "status").read_text())[1])


def memory_kb(pid):
    """(its share of all its pages, the pages that nobody else has); None where it may not be read."""
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return None
    found = {name: int(kb) for name, kb in re.findall(r"(\w+):\s+(\d+) kB", text)}
    return found["Pss"], found["Private_Clean"] + found["Private_Dirty"]


def is_bound(port, protocol):
    """Whether somebody has the port of this machine: a UDP port, or a TCP port to listen on."""
    lines = (PROC / "net" / protocol).read_text().splitlines()[1:]
    wanted = ("0A",) if protocol == "tcp" else ("07", "01")
    return any(fields[1].endswith(f":{port:04X}") and fields[3] in wanted
               for fields in map(str.split, lines))
