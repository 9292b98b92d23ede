"""A system call of a client or of a message handler that fails costs a packet, or this connection
with one clear line and exit code 111, and nobody else anything: see faults.py."""

import fcntl
import struct
import subprocess
import termios

from injection import AGAIN, ALWAYS, ONCE, FaultCase, Row, inject
from suite import main, wait_until

VANISHED = "fatal: the peer has vanished"
FAILED = "error: the other side failed"
# Whichever the handler does next: it reads, or it writes.
CLOSED = "fatal: (the connection was closed|nobody reads descriptor 9)"
UNREAD = "fatal: nobody reads descriptor 9"
NO_PROGRAM = "^curvecpclient: fatal: program curvecpmessage: "
NOT_WATCHED = "fatal: the kernel does not watch "

CLIENT = [
    Row("client", "epoll_wait", "EINTR", (AGAIN,)),
    Row("client", "recvmmsg", "EAGAIN EINTR ENOMEM ECONNREFUSED"),
    Row("client", "sendmmsg", "EAGAIN ENOBUFS EPERM ECONNREFUSED ENETUNREACH EMSGSIZE"),
    Row("client", "read", "EAGAIN EINTR", (AGAIN,)),
    Row("client", "writev", "EAGAIN EINTR", (AGAIN,)),
    Row("client", "timerfd_settime", "ENOMEM", (ONCE,)),
    Row("client", "getsockname", "ENOBUFS", (ONCE,)),
    Row("client", "setsockopt,mlock,madvise", "EPERM", (ALWAYS,)),
    Row("client", "read", "EIO", (ONCE,), 1, False, CLOSED, VANISHED),
    Row("client", "writev", "ENOMEM", (ONCE,), 0, False, CLOSED, VANISHED),
    Row("client", "socket", "EMFILE ENOBUFS", (ONCE,), 0, False, "fatal: cannot use IPv4: "),
    Row("client", "epoll_create1", "EMFILE", (ONCE,), 0, False, "cannot create an event loop: "),
    Row("client", "timerfd_create", "EMFILE", (ONCE,), 0, False, "cannot create a timer: "),
    Row("client", "pipe2", "EMFILE ENFILE", (ONCE,), 0, False, NO_PROGRAM),
    Row("client", "vfork", "EAGAIN ENOMEM", (ONCE,), 0, False, NO_PROGRAM),
    Row("client", "epoll_ctl", "ENOMEM", (ONCE,), 3, False, NOT_WATCHED),
]

HANDLER_PATH = [Row(where, *rest) for where in ("served", "asking") for rest in (
    ("epoll_wait", "EINTR", (AGAIN,)),
    ("read", "EAGAIN EINTR", (AGAIN,)),
    ("write", "EAGAIN EINTR", (AGAIN,)),
    ("timerfd_settime", "ENOMEM", (AGAIN,)))]

HANDLER_START = [
    Row("served", "pipe2", "EMFILE", (ONCE,), 1, False, FAILED, "fatal: cannot create a pipe: "),
    Row("served", "vfork", "EAGAIN", (ONCE,), 0, False, FAILED, "fatal: program cat: "),
    Row("served", "epoll_create1", "EMFILE", (ONCE,), 0, False, FAILED,
        "fatal: cannot create an event loop: "),
    Row("served", "epoll_ctl", "ENOMEM", (ONCE,), 1, False, VANISHED, NOT_WATCHED),
    Row("asking", "timerfd_create", "EMFILE", (ONCE,), 0, False, "fatal: cannot create a timer: "),
    Row("asking", "epoll_ctl", "ENOMEM", (ONCE,), 1, False, NOT_WATCHED),
]


class ClientFaults(FaultCase):
    def test_a_fault_in_a_client_costs_a_packet_or_this_client(self):
        self.check(CLIENT)

    def test_a_fault_in_a_handler_costs_nothing_or_this_connection(self):
        self.check(HANDLER_PATH, HANDLER_START)

    def test_half_a_frame_survives_a_read_that_brings_nothing(self):
        """Every second read of the handler fails, while the frames come in halves."""
        copy, words = self.file("copy"), [f"word {i:03d}\n".encode() for i in range(10)]
        handler = subprocess.Popen(
            ["sh", "-c", 'exec 8<&0 9>&1 </dev/null; exec "$@"', "sh",
             *inject(self.file("trace"), "read", "EAGAIN", "2+2"), "curvecpmessage", "sh", "-c",
             'exec cat >"$0"', copy], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=0)
        self.addCleanup(self.end_held, handler)
        for i, word in enumerate(words):
            frame = self.frame(i + 1, i * len(word), word)
            for half in (frame[:100], frame[100:]):
                handler.stdin.write(half)
                wait_until(lambda: self.waiting(handler.stdin) == 0, 5, "the handler reads")
        wait_until(lambda: copy.exists() and copy.read_bytes() == b"".join(words), 5, "everything came")

    @staticmethod
    def frame(number, position, block):
        """A message of 192 bytes with one block, behind its length byte."""
        fixed = struct.pack("<I34xHQ", number, len(block), position)
        return b"\x0c" + fixed + bytes(192 - len(fixed) - len(block)) + block

    @staticmethod
    def waiting(pipe):
        size = bytearray(4)
        fcntl.ioctl(pipe, termios.FIONREAD, size)
        return int.from_bytes(size, "little")


if __name__ == "__main__":
    main()
