"""What a process holds of the machine: descriptors, children, memory."""

import pathlib
import re
import time

from suite import cpu_seconds, open_descriptors, wait_until


def children_and_zombies(pid):
    """The children of a process, also those that it has not waited for."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == pid:
                found.append(int(entry.name))
    return found


def memory_kib(pid):
    """Memory of its own: the resident set without the pages of its program and libraries, which
    come and go as the machine likes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return sum(int(re.search(rf"^{field}:\s*(\d+) kB", status, re.MULTILINE)[1])
               for field in ("RssAnon", "RssShmem"))


def wait_for_children(server, count=0, seconds=10):
    """Until a server has that many children left, zombies among them."""
    wait_until(lambda: len(children_and_zombies(server.pid)) == count, seconds,
               f"the server has {count} children: {children_and_zombies(server.pid)}")


def wait_for_quiet(*pids):
    """Until processes have done what there was to do."""
    def idle():
        before = sum(map(cpu_seconds, pids))
        time.sleep(0.3)
        return sum(map(cpu_seconds, pids)) - before < 0.02
    wait_until(idle, 15, "the processes are idle")


class Footprint:
    """Of a server without connections; compare one with a later one."""

    def __init__(self, server):
        wait_for_children(server)
        wait_for_quiet(server.pid)
        self.descriptors = open_descriptors(server.pid)
        self.memory_kib = memory_kib(server.pid)
