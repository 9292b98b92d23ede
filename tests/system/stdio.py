"""The handler's own standard input and output in place of a program, whatever they are: what goes in
comes back from a server that echoes, and each end of a stream is seen as one."""

import os
import random
import socket
import subprocess
import threading

from suite import Case, main

DATA = random.Random(7).randbytes(300_000)


class Stdio(Case):
    def setUp(self):
        super().setUp()
        self.server = self.serve("curvecpmessage", "cat")

    def start(self, stdin, stdout, server=None):
        process = subprocess.Popen(
            self.client_command(server or self.server, "curvecpmessage", "-C", "--stdio"), stdin=stdin,
            stdout=stdout, stderr=subprocess.PIPE)
        self.addCleanup(self.end_held, process)
        return process

    def assert_ends_well(self, process):
        self.assertEqual((process.wait(timeout=20), process.stderr.read()), (0, b""))

    def test_pipes(self):
        done = subprocess.run(
            self.client_command(self.server, "curvecpmessage", "-C", "--stdio"), input=DATA,
            capture_output=True, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, DATA)

    def test_files(self):
        source, sink = self.file("source"), self.file("sink")
        source.write_bytes(DATA)
        with source.open("rb") as stdin, sink.open("wb") as stdout:
            self.assert_ends_well(self.start(stdin, stdout))
        self.assertEqual(sink.read_bytes(), DATA)

    def test_nothing_to_say(self):
        self.assert_ends_well(self.start(subprocess.DEVNULL, subprocess.DEVNULL))

    def test_a_fifo_whose_writer_has_left(self):
        fifo, sink = self.file("fifo"), self.file("sink")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        fifo.write_bytes(b"left early\n")
        with sink.open("wb") as stdout:
            process = self.start(reader, stdout)
            os.close(reader)
            self.assert_ends_well(process)
        self.assertEqual(sink.read_bytes(), b"left early\n")

    def test_one_socket_for_both_directions(self):
        ours, theirs = socket.socketpair()
        with ours:
            process = self.start(theirs, theirs)
            theirs.close()
            sender = threading.Thread(target=lambda: (ours.sendall(DATA),
                                                      ours.shutdown(socket.SHUT_WR)))
            sender.start()
            received = bytearray()
            ours.settimeout(20)
            while piece := ours.recv(65536):
                received += piece
            sender.join()
            self.assertEqual(bytes(received), DATA)
            self.assert_ends_well(process)

    def test_the_peers_end_is_told_on_a_socket_while_ours_is_still_open(self):
        server = self.serve("curvecpmessage", "sh", "-c", "echo done; exec >&-; cat >/dev/null")
        ours, theirs = socket.socketpair()
        with ours:
            process = self.start(theirs, theirs, server)
            theirs.close()
            ours.settimeout(10)
            received = bytearray()
            while piece := ours.recv(100):
                received += piece
            self.assertEqual(bytes(received), b"done\n")
            ours.shutdown(socket.SHUT_WR)
            self.assert_ends_well(process)

    def test_the_smallest_buffer_carries_more_than_it_holds(self):
        small = ("curvecpmessage", "--buffer", "131072")
        server = self.serve(*small, "sh", "-c", "head -c 1000000 /dev/zero")
        done = self.connect(server, *small, "-c", "--stdio")
        self.assertEqual((done.returncode, len(done.stdout)), (0, 1000000), done.stderr)


if __name__ == "__main__":
    main()
