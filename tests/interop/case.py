"""One connection between a server and a client, each part of either suite."""

import dataclasses
import itertools
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

EXTENSION = "31415926535897932384626433832795"
SERVER_NAME = "interop.example.org"
TAG = "INTEROP_CASE"  # in the environment of every process of a case
STOP_SECONDS = 1.5  # a server that was told to stop must be gone by then
BLOCKS = {"server": 1_048_576, "client": 1}  # of nonce counters, that one start takes


class Failed(Exception):
    """The connection did something wrong."""


class Stalled(Failed):
    """The connection was not done in time."""


@dataclasses.dataclass(frozen=True)
class Parts:
    """Whose program each part of the connection is: "ours" or "reference"."""

    server: str
    server_handler: str
    client: str
    client_handler: str

    def suites(self):
        return dataclasses.astuple(self)

    def all_ours(self):
        return set(self.suites()) == {"ours"}

    def __str__(self):
        return " ".join(part[:3] for part in self.suites())


ALL_PARTS = [Parts(*suites) for suites in itertools.product(("ours", "reference"), repeat=4)]


@dataclasses.dataclass(frozen=True)
class Case:
    parts: Parts
    mode: str  # of the client's handler: -c, the server speaks first; -C, the client does
    size: int  # bytes each way
    both: bool = False  # both directions at once
    exit_code: int = 0  # of the client's program
    client_key: bool = False  # the client names a key directory
    limit: float = 25.0  # seconds
    pause: int = 0  # seconds for which the program that receives first reads nothing
    damage: str = ""  # "byte": the server's program sends a wrong one; "exit": another exit code

    def __str__(self):
        order = "both at once" if self.both else "one by one"
        return f"{self.parts} {self.mode} {self.size:>9} bytes {order}, exit {self.exit_code}"

    def size_from(self, name):
        pausing = "client" if self.mode == "-c" else "server"
        return 0 if self.pause and name == pausing else self.size

    def orders(self):
        """What the server's and the client's program do."""
        if self.both:
            return "both", "both"
        return ("send-first", "receive-first") if self.mode == "-c" else ("receive-first", "send-first")


class Ports:
    """UDP ports below the ephemeral ones, each given out once."""

    def __init__(self):
        self.next = 10000 + os.getpid() * 131 % 15000
        self.lock = threading.Lock()

    def take(self):
        with self.lock:
            while True:
                self.next += 1
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                    try:
                        probe.bind(("127.0.0.1", self.next))
                        return self.next
                    except OSError:
                        continue


PORTS = Ports()


def is_bound(port):
    wanted = f"0100007F:{port:04X}"
    lines = pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(line.split()[1] == wanted for line in lines)


def wait_until(what, deadline, condition):
    while not condition():
        if time.monotonic() > deadline:
            raise Stalled(what)
        time.sleep(0.01)


def other(suite):
    return "reference" if suite == "ours" else "ours"


class Connection:
    """Runs a case once in a folder of its own."""

    def __init__(self, case, suites, peer, folder):
        self.case = case
        self.suites = suites
        self.peer = peer
        self.folder = folder
        self.port = PORTS.take()
        self.tag = f"{os.getpid()}-{self.port}"

    def tool(self, suite, name):
        return str(self.suites[suite] / name)

    def path(self, name):
        return str(self.folder / name)

    def environment(self, order, damaged):
        pause = self.case.pause if order == "receive-first" else 0
        return dict(os.environ) | {TAG: self.tag, "INTEROP_DAMAGE": "1" if damaged else "0",
                                   "INTEROP_PAUSE": str(pause)}

    def make_keys(self, name, user):
        """A key directory made by the suite that its user does not belong to."""
        maker = other(user)
        made = subprocess.run([self.tool(maker, "curvecpmakekey"), self.path(name)], capture_output=True,
                              text=True, timeout=10)
        if made.returncode != 0:
            raise Failed(f"{maker}'s curvecpmakekey: exit {made.returncode}: {made.stderr.strip()}")
        return (self.folder / name / "publickey").read_bytes().hex()

    def start(self, name, arguments, order, damaged=False):
        with open(self.path(f"{name}.err"), "wb") as errors:
            return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                    start_new_session=True, env=self.environment(order, damaged))

    def program(self, name, descriptors, order, exit_code):
        seed = 1 + 2 * self.port + (name == "server")
        return [self.peer, *descriptors, order, str(self.case.size_from(name)), str(seed), self.path(f"{name}.report"),
                str(exit_code)]

    def start_server(self):
        parts = self.case.parts
        self.server_key = self.make_keys("server-keys", parts.server)
        program = self.program("server", ("0", "1"), self.case.orders()[0], 0)
        return self.start("server", [
            self.tool(parts.server, "curvecpserver"), "-Q", SERVER_NAME, self.path("server-keys"), "127.0.0.1",
            str(self.port), EXTENSION, self.tool(parts.server_handler, "curvecpmessage"), *program],
            self.case.orders()[0], damaged=self.case.damage == "byte")

    def start_client(self):
        parts = self.case.parts
        options = []
        if self.case.client_key:
            self.make_keys("client-keys", parts.client)
            options = ["-c", self.path("client-keys")]
        exit_code = self.case.exit_code + (self.case.damage == "exit")
        program = self.program("client", ("6", "7"), self.case.orders()[1], exit_code)
        return self.start("client", [
            self.tool(parts.client, "curvecpclient"), *options, SERVER_NAME, self.server_key, "127.0.0.1",
            str(self.port), EXTENSION, self.tool(parts.client_handler, "curvecpmessage"), self.case.mode, *program],
            self.case.orders()[1])

    def run(self):
        """Raises Failed; otherwise everything was as it should be."""
        deadline = time.monotonic() + self.case.limit
        server = self.start_server()
        try:
            wait_until("the server does not listen", deadline,
                       lambda: server.poll() is not None or is_bound(self.port))
            if server.poll() is not None:
                raise Failed(f"the server exited with {server.returncode}")
            exit_code = self.wait_for_client(deadline)
            self.check_exit(exit_code)
            wait_until("the server's program does not end", deadline,
                       lambda: (self.folder / "server.report").exists())
            self.check_reports()
            self.check_counters()
            self.stop(server)
        finally:
            self.kill_all()
            server.wait()

    def wait_for_client(self, deadline):
        client = self.start_client()
        try:
            return client.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Stalled("the client does not end") from None
        finally:
            if client.poll() is None:
                client.kill()
                client.wait()

    def check_exit(self, exit_code):
        if exit_code != self.case.exit_code:
            raise Failed(f"the client's exit code is {exit_code}, its program's {self.case.exit_code}")

    def report(self, name):
        """((bytes, hash) of what it sent, the same of what it received)."""
        path = self.folder / f"{name}.report"
        if not path.exists():
            raise Failed(f"the {name}'s program left no report")
        sent_size, sent, received_size, received = path.read_text().split()
        return (int(sent_size), sent), (int(received_size), received)

    def check_reports(self):
        server_sent, server_received = self.report("server")
        client_sent, client_received = self.report("client")
        for way, name, sent, received in (("to the client", "server", server_sent, client_received),
                                          ("to the server", "client", client_sent, server_received)):
            size = self.case.size_from(name)
            if sent[0] != size:
                raise Failed(f"{way}: {sent[0]} bytes were sent, not {size}")
            if sent != received:
                raise Failed(f"{way}: sent {sent[0]} bytes {sent[1][:16]}, received {received[0]} {received[1][:16]}")

    def check_counters(self):
        """Each long-term nonce is used once: a process takes its block in the key directory."""
        for name, block in BLOCKS.items():
            path = self.folder / f"{name}-keys" / ".expertsonly" / "noncecounter"
            if path.exists() and path.read_bytes() != block.to_bytes(8, "little"):
                raise Failed(f"the {name}'s nonce counter is {path.read_bytes().hex()}, its block {block}")

    def stop(self, server):
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed("the server is there after SIGTERM") from None

    def kill_all(self):
        """Ends every process that carries this case's tag."""
        wanted = f"{TAG}={self.tag}".encode()
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue

    def errors(self):
        """What the parts wrote to stderr, a line each."""
        lines = []
        for name in ("server", "client"):
            path = self.folder / f"{name}.err"
            text = path.read_text(errors="replace") if path.exists() else ""
            lines += [f"{name}: {line}" for line in text.splitlines()[-10:]]
        return lines
