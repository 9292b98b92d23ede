"""TLS: stunnel on both sides, in Debian's settings (TLS 1.3, AES-256-GCM), a program for each
connection. Measured where stunnel4 and openssl are installed."""

import os
import shutil
import subprocess

import processes
from stage import Failed, free_port

SERVER = """foreground = yes
syslog = no
pid =
[bench]
accept = 127.0.0.1:{port}
cert = {folder}/certificate
key = {folder}/key
exec = {program}
execArgs = {arguments}
"""
CLIENT = """foreground = yes
syslog = no
client = yes
connect = 127.0.0.1:{port}
CAfile = {folder}/certificate
verifyPeer = yes
"""


class Stunnel:
    name = "stunnel"
    suites = ("bulk", "streams", "echo")

    def __init__(self, setting):
        self.tools = setting.tools

    def unavailable(self):
        missing = [tool for tool in ("stunnel4", "openssl") if not shutil.which(tool)]
        return f"not installed: {', '.join(missing)}" if missing else None

    def serve(self, stage, program, *arguments):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=bench.example", "-keyout", "key", "-out", "certificate"],
                       cwd=stage.folder, check=True, capture_output=True, timeout=20)
        port = free_port("tcp")
        words = " ".join([os.path.basename(program), *map(str, arguments)])
        (stage.folder / "server.conf").write_text(
            SERVER.format(folder=stage.folder, port=port, program=program, arguments=words))
        (stage.folder / "client.conf").write_text(CLIENT.format(folder=stage.folder, port=port))
        return stage.start_server("stunnel4", "server.conf", port=port, protocol="tcp")

    def client(self, stage, server, *program, server_first=False):
        return (self.tools / "bench_joint", "stunnel4", "client.conf", "--", *program)

    def roles(self, server, clients):
        tree = processes.parents()
        yield "server", server.pid
        yield from (("programs", pid) for pid in processes.children(server.pid, tree))
        for client in clients:
            joined = sorted(processes.children(client.pid, tree))
            if len(joined) != 2:
                raise Failed("the client or its program is gone")
            tls_client, program = joined  # in the order of their start
            yield from {"client": tls_client, "programs": program}.items()
