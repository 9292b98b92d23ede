"""Watches a server's events: a subscriber to its socket, or the reading end of a pipe."""

import json
import socket
import threading


class Watcher:
    def __init__(self, case, path, wanted=None, fd=None):
        self.lines, self.ended = [], False
        if fd is None:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.connect(str(path))
            if wanted is not None:
                self.socket.sendall(wanted.encode() + b"\n")
            self.file = self.socket.makefile("rb")
            case.addCleanup(self.close)
        else:
            self.socket, self.file = None, open(fd, "rb")  # closed at its end
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            for line in self.file:
                self.lines.append(line.decode())
        except OSError:
            pass
        self.ended = True

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    @property
    def events(self):
        return [json.loads(line) for line in self.lines if line.endswith("\n")]

    @property
    def names(self):
        return [event.get("event") for event in self.events]

    def of(self, name):
        return [event for event in self.events if event.get("event") == name]
