"""What attacks with packets on a server share: a connection that must not be disturbed, a stranger,
and proof that what the stranger sent was dropped, silently and for the right reason."""

import os
import re
import time

from endpoint import Endpoint
from packet import COOKIE
from suite import HANDLER, Case
from visitor import Visitor

# As many datagrams as surely fit into the server's socket before it has read any.
AT_ONCE = 32
DROPPED = re.compile(r"dropped a packet from 127\.0\.0\.1:(\d+): (.*)")


def chunks(packets):
    for start in range(0, len(packets), AT_ONCE):
        yield packets[start:start + AT_ONCE]


class Attack(Case):
    verbosity = "-vv"  # tells of each packet that is dropped

    def setUp(self):
        super().setUp()
        self.server = self.serve(*HANDLER, "echo", options=(self.verbosity,))
        self.log_file = self.server.log_path.open(encoding="utf-8")
        self.addCleanup(self.log_file.close)
        self.half_line = ""
        self.connections = 0  # as many as should have been started
        self.friend = self.connected()
        self.stranger = Endpoint(self, (self.server.ip, self.server.port))
        self.prober = Visitor(self, self.server)

    def tearDown(self):
        """The connection beside the attack lives, has heard nothing, and no other has started."""
        self.assertEqual(self.friend.endpoint.waiting(), [])
        self.assertEqual(self.friend.echo(), [])
        self.assertEqual(self.starts(), self.connections)
        self.assertIsNone(self.server.process.poll())

    def newcomer(self, **how):
        return Visitor(self, self.server, **how)

    def connected(self, **how):
        visitor = self.newcomer(**how).greet().enter()
        self.connections += 1
        return visitor

    def starts(self):
        return self.server.log.count(": start, from ")

    def settle(self, endpoint):
        """The server deals with Messages in their order, and afterwards with Hellos in theirs: when
        a Hello is answered, those before it are done. Returns the answers to them."""
        extension = os.urandom(16)
        endpoint.send(self.prober.hello(client_extension=extension))
        return endpoint.receive_until(
            lambda packet: COOKIE.get(packet, "client_extension") == extension)[0]

    def send_all(self, packets, endpoint):
        """Returns the answers."""
        answers = []
        for chunk in chunks(packets):
            endpoint.send(*chunk)
            answers += self.settle(endpoint)
        return answers

    def drops(self, endpoint):
        """The reasons that the server has told to drop packets from there, since last asked about
        anybody."""
        port = str(endpoint.address[1])
        return [reason for sender, reason in DROPPED.findall(self.new_lines()) if sender == port]

    def new_lines(self):
        """Of the server's log; half a line may be there already and is for the next time."""
        lines, newline, self.half_line = (self.half_line + self.log_file.read()).rpartition("\n")
        return lines + newline

    def assert_dropped(self, packets, *reasons, endpoint=None):
        """Each is dropped for one of the reasons, without an answer; nothing is started."""
        endpoint = endpoint or self.stranger
        self.drops(endpoint)
        for chunk in chunks(packets):
            endpoint.send(*chunk)
            self.await_drops(sum(map(bool, chunk)), reasons, endpoint)
            self.assertEqual(self.settle(endpoint), [])
        self.assertEqual(self.drops(endpoint), [])
        self.assertEqual(self.starts(), self.connections)

    def await_drops(self, count, reasons, endpoint):
        """The server tells of exactly so many; there is nothing to tell of an empty datagram."""
        told, end = [], time.monotonic() + 10
        while len(told) < count and time.monotonic() < end:
            time.sleep(0.005)
            told += self.drops(endpoint)
        self.assertEqual(len(told), count, told)
        self.assertLessEqual(set(told), set(reasons))
