#!/usr/bin/env python3
"""Records a connection of the reference tools as known-answer vectors. See README.md."""

import argparse
import contextlib
import ctypes
import ctypes.util
import hashlib
import os
import pathlib
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))
import reference  # noqa: E402

RANDOM_SIZE = 1 << 20
SEARCHED = 4096  # how far into a process's random bytes its secrets are looked for
SERVER_NAME = "vectors.example.org"
SERVER_EXTENSION = bytes.fromhex("0123456789abcdef00112233445566ff")

sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
sodium.sodium_init()


# Cryptography: only what is needed to open what was recorded.

def public_of(secret):
    public = ctypes.create_string_buffer(32)
    sodium.crypto_scalarmult_base(public, secret)
    return public.raw


def open_box(box, nonce, public, secret):
    """The plaintext; None where the box does not open."""
    plain = ctypes.create_string_buffer(max(1, len(box) - 16))
    size = ctypes.c_ulonglong(len(box))
    failed = sodium.crypto_box_open_easy(plain, box, size, nonce, public, secret)
    return None if failed else plain.raw[: len(box) - 16]


def open_secret_box(box, nonce, key):
    plain = ctypes.create_string_buffer(max(1, len(box) - 16))
    size = ctypes.c_ulonglong(len(box))
    failed = sodium.crypto_secretbox_open_easy(plain, box, size, nonce, key)
    return None if failed else plain.raw[: len(box) - 16]


def must_open(what, plain):
    if plain is None:
        raise SystemExit(f"{what} does not open")
    return plain


# Random bytes that repeat: a file that is mounted over /dev/urandom for one process.

def random_stream(label):
    digests = (hashlib.sha256(f"{label} {i}".encode()).digest() for i in range(RANDOM_SIZE // 32))
    return b"".join(digests)


def search(stream, what, accepts):
    for offset in range(SEARCHED):
        if accepts(stream[offset : offset + 32]):
            return stream[offset : offset + 32]
    raise SystemExit(f"no {what} in the process's random bytes")


# The processes.

class Recorder:
    def __init__(self, programs, folder, extension):
        self.programs = programs
        self.folder = folder
        self.extension = extension

    def command(self, label, arguments):
        """The command in a mount namespace of its own, with the label's random bytes."""
        random_file = self.folder / f"random-{label}"
        random_file.write_bytes(random_stream(label))
        script = 'mount --bind "$0" /dev/urandom'
        if label == "client" and any(self.extension):
            (self.folder / "extension").write_bytes(self.extension)
            script += f" && mount -t tmpfs none /etc && cat {self.folder}/extension >/etc/curvecpextension"
        script += ' && exec "$@"'
        return ["unshare", "-m", "sh", "-c", script, str(random_file), *map(str, arguments)]

    def tool(self, name):
        return self.programs / name

    def make_key(self, label):
        keydir = self.folder / label
        subprocess.run(self.command(f"makekey-{label}", [self.tool("curvecpmakekey"), keydir]), check=True)
        return keydir


class Relay:
    """Stands between client and server and writes every packet down."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.front = bound_socket()
        self.back = bound_socket()
        self.client = None
        self.packets = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.front, selectors.EVENT_READ)
        selector.register(self.back, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                packet, sender = key.fileobj.recvfrom(2048)
                self.packets.append(packet)
                if key.fileobj is self.front:
                    self.client = sender
                    self.back.sendto(packet, ("127.0.0.1", self.server_port))
                else:
                    self.front.sendto(packet, self.client)


def bound_socket():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


def free_port():
    with contextlib.closing(bound_socket()) as probe:
        return probe.getsockname()[1]


# A conversation slow enough that every block is a message of its own, with some longer ones.
SERVER_PROGRAM = 'echo welcome; while read -r line; do echo "heard $line"; done; printf "%02000d\\n" 3'
CLIENT_PROGRAMS = {
    "-C": 'printf "%0500d\\n" 1 >&7; read -r a <&6; read -r b <&6; sleep 0.1; echo two >&7; read -r c <&6; exec 7>&-; cat <&6',
    "-c": 'read -r a <&6; sleep 0.1; echo one >&7; read -r b <&6; sleep 0.1; echo two >&7; read -r c <&6;'
    " exec 7>&-; cat <&6",
}


def converse(recorder, keydirs, mode):
    """Runs the connection; returns its packets in the order in which the relay saw them."""
    port = free_port()
    server = subprocess.Popen(recorder.command("server", [
        recorder.tool("curvecpserver"), "-c", "1", SERVER_NAME, keydirs["server"], "127.0.0.1", port,
        SERVER_EXTENSION.hex(), recorder.tool("curvecpmessage"), "sh", "-c", SERVER_PROGRAM]))
    try:
        relay = Relay(port)
        time.sleep(0.5)
        public = (keydirs["server"] / "publickey").read_bytes().hex()
        subprocess.run(recorder.command("client", [
            recorder.tool("curvecpclient"), "-c", keydirs["client"], SERVER_NAME, public, "127.0.0.1",
            relay.front.getsockname()[1], SERVER_EXTENSION.hex(), recorder.tool("curvecpmessage"), mode,
            "sh", "-c", CLIENT_PROGRAMS[mode]]), check=True, timeout=60, stdout=subprocess.DEVNULL)
        time.sleep(0.2)
    finally:
        server.terminate()
        server.wait()
    return list(relay.packets)


# Opening what was recorded. Offsets are those of the packet layouts in the specification.

class Opener:
    def __init__(self, server_keydir, client_keydir, packets):
        self.values = {}
        self.counts = {}
        self.packets = packets
        self.read_keydir("server", server_keydir)
        self.read_keydir("client", client_keydir)

    def read_keydir(self, who, keydir):
        hidden = keydir / ".expertsonly"
        for name, path in (("public", keydir / "publickey"), ("secret", hidden / "secretkey")):
            self.values[f"{who}_long_term_{name}"] = path.read_bytes()
        for name in ("noncekey", "noncecounter"):
            self.values[f"{who}_{name}"] = (hidden / name).read_bytes()

    def keep(self, name, packet, nonce, plaintext):
        if name in ("initiate", "client_message", "server_message"):
            self.counts[name] = self.counts.get(name, 0) + 1
            name = f"{name}_{self.counts[name]}"
        self.values |= {f"{name}.packet": packet, f"{name}.nonce": nonce, f"{name}.plaintext": plaintext}
        return name

    def run(self):
        openers = {b"QvnQ5XlH": self.hello, b"RL3aNMXK": self.cookie, b"QvnQ5XlI": self.initiate,
                   b"QvnQ5XlM": self.client_message, b"RL3aNMXM": self.server_message}
        for packet in self.packets:
            openers[packet[:8]](packet)
        return self.values

    def hello(self, packet):
        self.values["server_extension"] = packet[8:24]
        self.values["client_extension"] = packet[24:40]
        public = packet[40:72]
        secret = search(random_stream("client"), "client short-term key", lambda s: public_of(s) == public)
        self.values |= {"client_short_term_public": public, "client_short_term_secret": secret}
        nonce = b"CurveCP-client-H" + packet[136:144]
        plain = open_box(packet[144:], nonce, public, self.values["server_long_term_secret"])
        self.keep("hello", packet, nonce, must_open("Hello", plain))

    def cookie(self, packet):
        nonce = b"CurveCPK" + packet[40:56]
        plain = must_open("Cookie", open_box(packet[56:], nonce, self.values["server_long_term_public"],
                                             self.values["client_short_term_secret"]))
        public = plain[:32]
        secret = search(random_stream("server"), "server short-term key", lambda s: public_of(s) == public)
        self.values |= {"server_short_term_public": public, "server_short_term_secret": secret}
        self.keep("cookie", packet, nonce, plain)
        self.open_inner_cookie(plain[32:])

    def open_inner_cookie(self, inner):
        nonce = b"minute-k" + inner[:16]
        key = search(random_stream("server"), "minute key",
                     lambda k: open_secret_box(inner[16:], nonce, k) is not None)
        plain = open_secret_box(inner[16:], nonce, key)
        expected = self.values["client_short_term_public"] + self.values["server_short_term_secret"]
        if plain != expected:
            raise SystemExit("the cookie holds something else than C' and s'")
        self.values |= {"minute_key": key, "inner_cookie.nonce": nonce, "inner_cookie.plaintext": plain}

    def initiate(self, packet):
        nonce = b"CurveCP-client-I" + packet[168:176]
        plain = must_open("Initiate", open_box(packet[176:], nonce, self.values["client_short_term_public"],
                                               self.values["server_short_term_secret"]))
        name = self.keep("initiate", packet, nonce, plain)
        vouch_nonce = b"CurveCPV" + plain[32:48]
        vouch = open_box(plain[48:96], vouch_nonce, plain[:32], self.values["server_long_term_secret"])
        self.values |= {f"{name}.vouch_nonce": vouch_nonce, f"{name}.vouch_plaintext": must_open("vouch", vouch)}
        self.values["server_name"] = plain[96:352]
        self.values[f"{name}.message"] = plain[352:]

    def client_message(self, packet):
        nonce = b"CurveCP-client-M" + packet[72:80]
        plain = open_box(packet[80:], nonce, self.values["client_short_term_public"],
                         self.values["server_short_term_secret"])
        self.keep("client_message", packet, nonce, must_open("client's Message", plain))

    def server_message(self, packet):
        nonce = b"CurveCP-server-M" + packet[40:48]
        plain = open_box(packet[48:], nonce, self.values["server_short_term_public"],
                         self.values["client_short_term_secret"])
        self.keep("server_message", packet, nonce, must_open("server's Message", plain))


def record(programs, mode, extension, output):
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(programs, pathlib.Path(folder), extension)
        keydirs = {who: recorder.make_key(who) for who in ("server", "client")}
        packets = converse(recorder, keydirs, mode)
        values = Opener(keydirs["server"], keydirs["client"], packets).run()
    if values["client_extension"] != extension:
        raise SystemExit("the client used another extension")
    if "server_message_3.packet" not in values or "client_message_2.packet" not in values:
        raise SystemExit("the conversation was too short")
    lines = [f"# A connection of the reference tools; the client's handler ran with {mode}.",
             "# Written by record.py; the key directories' nonce counters are those after the connection."]
    lines += [f"{name} = {value.hex()}" for name, value in values.items()]
    output.write_text("\n".join(lines) + "\n")
    print(f"{output.name}: {len(packets)} packets")


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=pathlib.Path, help="folder of the reference's programs")
    parser.add_argument("--output", type=pathlib.Path, default=here)
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("record.py mounts a file over /dev/urandom in a namespace: run it as root")
    with tempfile.TemporaryDirectory() as folder:
        programs = options.reference or reference.unpack(folder)
        record(programs, "-C", bytes(16), options.output / "reference.txt")
        record(programs, "-c", bytes(range(0xE0, 0xF0)), options.output / "reference_extension.txt")


if __name__ == "__main__":
    main()
