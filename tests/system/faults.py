"""A system call of the server that fails costs the one packet or connection that it was for, and
nothing else: the transfer goes on or one client is told, the connection beside it never notices,
the server lives, is quiet and keeps nothing. CURVECP_THOROUGH=1 tries every error in every way."""

from injection import AGAIN, ALWAYS, ONCE, FaultCase, Row
from suite import main

VANISHED = "fatal: the peer has vanished"
# Whichever the handler does next: it reads, or it writes.
CLOSED = "fatal: (the connection was closed|nobody reads descriptor 9)"
NO_START = "^curvecpserver: error: program sh: "

# Only where a handler's pipe is broken does its connection end.
PACKET_PATH = [
    Row("server", "epoll_wait", "EINTR", (AGAIN,)),
    Row("server", "recvmmsg", "EAGAIN EINTR ENOMEM ENOBUFS ECONNREFUSED EIO"),
    Row("server", "sendmmsg", "EAGAIN ENOBUFS ENOMEM EINTR EPERM ECONNREFUSED ENETUNREACH "
                              "EMSGSIZE EIO"),
    Row("server", "read", "EAGAIN EINTR", (AGAIN,)),
    Row("server", "writev", "EAGAIN EINTR", (AGAIN,)),
    Row("server", "fcntl", "EPERM", certain=False),  # to enlarge a pipe: only bulk does
    Row("server", "getsockname", "ENOBUFS", (ONCE,)),
    # Not the first, which may be a timer's.
    Row("server", "read", "EIO ENOMEM", (ONCE,), 5, False, VANISHED, CLOSED),
    Row("server", "writev", "EPIPE ENOMEM", (ONCE,), 0, False, VANISHED, CLOSED),
    # What it can do without.
    Row("server", "setsockopt,mlock,madvise", "EPERM", (ALWAYS,)),
]

# The next Initiate of the same client tries again; but a handler that has started was the one.
HANDLER_START = [
    Row("server", "pipe2", "EMFILE", (ONCE,), logs=NO_START + "Too many open files"),
    Row("server", "pipe2", "ENFILE ENOMEM", (ONCE,), 1, logs=NO_START),
    Row("server", "vfork", "EAGAIN ENOMEM EPERM", (ONCE,), logs=NO_START),
    Row("server", "epoll_ctl", "ENOMEM ENOSPC", (ONCE,), 0, False, VANISHED,
        "^curvecpserver: error: the kernel does not watch the handler: "),
]


class ServerFaults(FaultCase):
    def test_a_fault_on_a_packets_way_costs_a_packet_at_most_a_connection(self):
        self.check(PACKET_PATH)

    def test_a_fault_at_the_start_of_a_handler_costs_that_start(self):
        self.check(HANDLER_START)


if __name__ == "__main__":
    main()
