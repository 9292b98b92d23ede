"""A UDP socket on loopback that counts on nothing being lost there."""

import select
import socket
import time


class Endpoint:
    def __init__(self, case, peer=None, bind=("127.0.0.1", 0)):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case.addCleanup(self.socket.close)
        self.socket.bind(bind)
        self.socket.setblocking(False)
        self.peer = peer

    @property
    def address(self):
        return self.socket.getsockname()

    def send(self, *packets, to=None):
        for packet in packets:
            self.socket.sendto(packet, to or self.peer)

    def receive(self, seconds=10.0):
        """The next datagram, and its sender as the peer where there was none; None where nothing
        came in time."""
        if not select.select([self.socket], [], [], max(0.0, seconds))[0]:
            return None
        packet, sender = self.socket.recvfrom(65536)
        self.peer = self.peer or sender
        return packet

    def receive_until(self, last, seconds=10.0):
        """What came before a datagram that `last` says yes to, and that one."""
        before, end = [], time.monotonic() + seconds
        while (packet := self.receive(end - time.monotonic())) is not None:
            if last(packet):
                return before, packet
            before.append(packet)
        raise AssertionError(f"no answer in {seconds} s, only {[p[:8] for p in before]}")

    def waiting(self):
        """What has come already."""
        packets = []
        while (packet := self.receive(0)) is not None:
            packets.append(packet)
        return packets
