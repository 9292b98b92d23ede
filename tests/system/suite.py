"""What the system tests share: the programs, servers on free ports, clients, and clean-up."""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = pathlib.Path(
    os.environ.get("CURVECP_PROGRAMS", HERE.parent.parent / "build/release/bin"))
NAME = "test.example"
EXTENSION = "31415926535897932384626433832795"
# Message handlers of the tests' own.
HANDLER = (sys.executable, "-I", str(HERE / "handler.py"))
HABIT = (sys.executable, "-I", str(HERE / "bad_habits.py"))

PR_SET_CHILD_SUBREAPER = 36


def wait_until(condition, seconds, what):
    """Returns what the condition gives once that is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return result


def free_port():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        probe.bind(("::", 0))
        return probe.getsockname()[1]


def is_bound(pid, port):
    """Whether somebody in the network namespace of a process has the UDP port."""
    for table in ("udp", "udp6"):
        try:
            lines = pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()
        except OSError:
            continue
        if any(line.split()[1].endswith(f":{port:04X}") for line in lines[1:]):
            return True
    return False


def parents():
    """The parent of each process that is not a zombie."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                found[int(entry.name)] = int(parent)
    return found


def children(pid):
    return [child for child, parent in parents().items() if parent == pid]


def descendants(pid):
    tree = parents()
    found, frontier = [], [pid]
    while frontier:
        parent = frontier.pop()
        below = [child for child, above in tree.items() if above == parent]
        found += below
        frontier += below
    return found


def open_descriptors(pid):
    """How many a process has, once it has dealt with what its children left: their pipes' ends.
    Those of a process that forbids core dumps are shown to root alone."""
    if not os.access(f"/proc/{pid}/fd", os.R_OK):
        raise unittest.SkipTest("only root may count the descriptors of such a process")
    count = lambda: len(os.listdir(f"/proc/{pid}/fd"))

    def settled():
        before = count()
        time.sleep(0.25)
        return before if count() == before else None
    return wait_until(settled, 5, "the number of descriptors stays")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """A curvecpserver that has bound its port; `log` is what it wrote to stderr."""

    def __init__(self, case, *handler, options=(), ip="127.0.0.1", port=None, name=NAME,
                 environment=None, directory=None, prefix=(), programs=PROGRAMS):
        self.ip, self.name, self.port = ip, name, port or free_port()
        self.key_directory, self.key = case.server_keys
        self.log_path = case.temporary / f"server-{self.port}.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, programs / "curvecpserver", *options, name, self.key_directory, ip,
                 str(self.port), EXTENSION, *map(str, handler)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=directory)
        case.addCleanup(self.end)
        wait_until(lambda: self.process.poll() is not None or
                   is_bound(self.process.pid, self.port), 5, "the server binds its port")
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}: {self.log}")

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def handlers(self):
        return children(self.pid)

    def client_port(self):
        """Where the newest client is, as a server with -v tells."""
        return int(re.findall(r": start, from [^ ]*:(\d+),", self.log)[-1])

    def end_handlers(self):
        """Kills them, which ends their connections."""
        for handler in self.handlers():
            os.kill(handler, signal.SIGKILL)
        wait_until(lambda: not self.handlers(), 5, "the connections have ended")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Case(unittest.TestCase):
    """A test with a temporary directory, the keys of a server and of a client."""

    longMessage = True

    def setUp(self):
        self.temporary = pathlib.Path(tempfile.mkdtemp(prefix="curvecp-system-"))
        self.addCleanup(shutil.rmtree, self.temporary, ignore_errors=True)
        self.addCleanup(end_all_children)
        self.server_keys = self.make_keys("server")
        self.client_keys = self.make_keys("client")

    def make_keys(self, name):
        """Returns a new key directory and the public key in it, in hex."""
        directory = self.temporary / name
        subprocess.run([PROGRAMS / "curvecpmakekey", directory], check=True, timeout=10)
        printed = subprocess.run([PROGRAMS / "curvecpprintkey", directory], check=True, timeout=10,
                                 capture_output=True, text=True)
        return directory, printed.stdout.strip()

    def serve(self, *handler, **how):
        return Server(self, *handler, **how)

    def client_command(self, server, *handler, options=(), ip=None, port=None, key=None,
                       programs=PROGRAMS):
        return [programs / "curvecpclient", *options, server.name, key or server.key,
                ip or server.ip, str(port or server.port), EXTENSION, *map(str, handler)]

    def connect(self, server, *handler, limit=20, input=None, environment=None, directory=None,
                **how):
        """One client from start to end; its output is text."""
        return subprocess.run(
            self.client_command(server, *handler, **how), input=input or "", env=environment,
            cwd=directory, capture_output=True, text=True, timeout=limit)

    def hold(self, server, *handler, stdin=subprocess.DEVNULL, environment=None, directory=None,
             **how):
        """A client that stays; it is ended with the test."""
        process = subprocess.Popen(
            self.client_command(server, *handler, **how), stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment, cwd=directory)
        self.addCleanup(self.end_held, process)
        return process

    @staticmethod
    def end_held(process):
        """Does not wait for the end of its output, which its children may hold."""
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def ask(self, server, line="hello", **how):
        """Sends a line to a stream service and returns what comes back, until its end."""
        script = 'printf "%s\\n" "$1" >&7; exec 7>&-; exec cat <&6'
        done = self.connect(server, "curvecpmessage", "-C", "sh", "-c", script, "sh", line, **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def file(self, name, text=None):
        """The path of a file in the temporary directory, written where there is a text."""
        path = self.temporary / name
        if text is not None:
            path.write_text(text)
        return path

    def lines_of(self, path):
        return path.read_text().splitlines() if path.exists() else []

    def assert_one_line(self, text, *patterns):
        """The text is one line in which every pattern is found, whatever the case."""
        self.assertEqual(len(text.splitlines()), 1, f"not one line: {text!r}")
        for pattern in patterns:
            self.assertRegex(text, re.compile(pattern, re.IGNORECASE))


def end_all_children():
    """Ends what a test left behind; orphans are ours, because we adopt them."""
    for _ in range(50):
        left = descendants(os.getpid())
        if not left:
            break
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main():
    """Runs the tests of the calling file: 77 where one was skipped, which fails where
    CURVECP_REQUIRE_ALL is set."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ["PATH"] = f"{PROGRAMS}:{os.environ['PATH']}:/usr/sbin:/sbin"
    os.environ["LC_ALL"] = "C.UTF-8"
    outcome = unittest.main(verbosity=2, exit=False).result
    if not outcome.wasSuccessful():
        sys.exit(1)
    if outcome.skipped:
        for test, reason in outcome.skipped:
            print(f"SKIPPED {test.id()}: {reason}", file=sys.stderr)
        sys.exit(1 if os.environ.get("CURVECP_REQUIRE_ALL") else 77)
