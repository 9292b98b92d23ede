"""A process that sends packets to one address, over and over, until the test ends it."""

import multiprocessing
import socket
import time

AT_ONCE = 50


class Flooder:
    def __init__(self, case, packets, address, rate):
        """At most so many packets a second."""
        self.sent = multiprocessing.Value("L", 0)
        self.process = multiprocessing.get_context("fork").Process(
            target=self.run, args=(packets, address, rate), daemon=True)
        self.process.start()
        case.addCleanup(self.end)

    def run(self, packets, address, rate):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while True:
            due = time.monotonic() + AT_ONCE / rate
            for packet in packets[:AT_ONCE]:
                sender.sendto(packet, address)
            self.sent.value += AT_ONCE
            packets = packets[AT_ONCE:] + packets[:AT_ONCE]
            time.sleep(max(0.0, due - time.monotonic()))

    def end(self):
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
