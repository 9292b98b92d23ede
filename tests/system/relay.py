"""A UDP relay between a client and a server on loopback that remembers what the client sent."""

import select
import socket
import threading

INITIATE = b"QvnQ5XlI"


class Relay:
    """Clients write to `port`; the server hears them from `address`. Ended with the test."""

    def __init__(self, case, server_port):
        self.front = self.socket()
        self.back = self.socket()
        self.port = self.front.getsockname()[1]
        self.address = self.back.getsockname()
        self.server = ("127.0.0.1", server_port)
        self.from_client = []
        self.running = True
        thread = threading.Thread(target=self.run)
        thread.start()
        case.addCleanup(self.end, thread)

    @staticmethod
    def socket():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        return made

    def run(self):
        client = None
        while self.running:
            for ready in select.select([self.front, self.back], [], [], 0.1)[0]:
                datagram, sender = ready.recvfrom(65536)
                if ready is self.front:
                    client = sender
                    self.from_client.append(datagram)
                    self.back.sendto(datagram, self.server)
                elif client:
                    self.front.sendto(datagram, client)

    def initiates(self):
        return [packet for packet in self.from_client if packet.startswith(INITIATE)]

    def end(self, thread):
        self.running = False
        thread.join()
        self.front.close()
        self.back.close()
