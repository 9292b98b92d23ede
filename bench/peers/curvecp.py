"""Our programs, and the reference's: the same command lines in another folder."""

import pathlib
import subprocess
import sys

import processes
from stage import Failed, free_port

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "interop"))
import reference as reference_tools  # the interoperability tests fetch them too

NAME = "bench.example"
EXTENSION = "31415926535897932384626433832795"
MOST_CONNECTIONS = 4000


class CurveCP:
    suites = ("bulk", "streams", "connect", "echo", "idle", "flood")

    def __init__(self, name, programs, reason=None):
        self.name, self.programs, self.reason = name, programs, reason

    def unavailable(self):
        return self.reason

    def serve(self, stage, *program, most=MOST_CONNECTIONS):
        keys = stage.folder / "keys"
        subprocess.run([self.programs / "curvecpmakekey", keys], check=True, timeout=10)
        port = free_port("udp")
        server = stage.start_server(
            self.programs / "curvecpserver", "-c", most, NAME, keys, "127.0.0.1", port, EXTENSION,
            self.programs / "curvecpmessage", *program, port=port, protocol="udp")
        server.key, server.port = (keys / "publickey").read_bytes().hex(), port
        return server

    def client(self, stage, server, *program, server_first=False):
        ip, port, key, name, extension = self.contact(server)
        return (self.programs / "curvecpclient", name, key, ip, port, extension,
                self.programs / "curvecpmessage", "-c" if server_first else "-C", *program)

    @staticmethod
    def contact(server):
        return "127.0.0.1", server.port, server.key, NAME, EXTENSION

    def roles(self, server, clients):
        tree = processes.parents()
        handlers = {"server's handler": processes.children(server.pid, tree),
                    "client's handler": [child for client in clients for child in processes.children(client.pid, tree)]}
        yield "server", server.pid
        yield from (("client", client.pid) for client in clients)
        for role, pids in handlers.items():
            if len(pids) != len(clients):
                raise Failed(f"{role}: there are {len(pids)}, not {len(clients)}")
            yield from ((role, pid) for pid in pids)
            yield from (("programs", program) for pid in pids for program in processes.children(pid, tree))


def ours(setting):
    peer = CurveCP("ours", setting.programs)
    peer.suites += ("packets",)  # that is our code, without the kernel
    return peer


def reference(setting):
    try:
        return CurveCP("reference", reference_tools.unpack(setting.packages))
    except reference_tools.Unavailable as error:
        return CurveCP("reference", None, f"nacl-tools is not to be had: {error}")
