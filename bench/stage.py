"""A place for one measurement: a temporary folder, and processes that all end with it."""

import ctypes
import pathlib
import selectors
import shutil
import socket
import subprocess
import tempfile
import time

import processes

PR_SET_CHILD_SUBREAPER = 36


class Failed(Exception):
    """Something did not come in time, or ended in an error."""


def adopt_orphans():
    """Whatever this process or one of its descendants starts stays below it."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return result


def free_port(protocol):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stage:
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="curvecp-bench-"))
        self.log = self.folder / "log"
        return self

    def __exit__(self, *error):
        self.clear()
        self.folder.rmdir()

    def clear(self):
        """Ends all that was started on it, and empties the folder."""
        processes.end_descendants()
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def start(self, *command):
        """A process whose input and output are ours; what it complains of is kept."""
        with self.log.open("ab") as log:
            return subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, stderr=log, cwd=self.folder)

    def start_server(self, *command, port, protocol):
        """Returns when its port is bound."""
        server = self.start(*command)
        wait_until(lambda: server.poll() is not None or processes.is_bound(port, protocol), 5,
                   "the server binds its port")
        if server.poll() is not None:
            raise Failed(f"the server ended with {server.returncode}: {self.complaints()}")
        return server

    def complaints(self):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "; ".join(text.splitlines()[-3:])

    def result_of(self, process, seconds):
        """The NAME=VALUE line that the process prints; it lives on until release()."""
        line = self.line_of(process, seconds)
        found = dict(pair.split("=") for pair in line.split())
        if not found:
            process.wait()
            raise Failed(f"it ended with {process.returncode}: {self.complaints()}")
        return {name: float(value) for name, value in found.items()}

    def result_after_release(self, process, seconds):
        """Of one that tells when its input ends."""
        process.stdin.close()
        result = self.result_of(process, seconds)
        process.wait(seconds)
        return result

    @staticmethod
    def line_of(process, seconds):
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise Failed(f"nothing came of it within {seconds} s")
        return process.stdout.readline().decode()

    @staticmethod
    def release(process):
        """Its input ends, and with that it does."""
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
