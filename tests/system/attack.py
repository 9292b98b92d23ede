"""What attacks with packets on a server share: a connection that must not be disturbed, a stranger,
and proof that what the stranger sent was dropped, silently and for the right reason."""

import collections
import os
import re

from endpoint import Endpoint
from packet import COOKIE
from suite import HANDLER, Case
from visitor import Visitor

# As many datagrams as surely fit into the server's socket before it has read any.
AT_ONCE = 32
DROPPED = re.compile(r"dropped a packet from 127\.0\.0\.1:(\d+): (.*)")


class Attack(Case):
    def setUp(self):
        super().setUp()
        self.server = self.serve(*HANDLER, "echo", options=("-vv",))
        self.log_file = self.server.log_path.open(encoding="utf-8")
        self.addCleanup(self.log_file.close)
        self.log = ""
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
        """The server deals with what has come in order, but with Hellos last: when a Hello is
        answered, all before it is done. Returns the answers to that."""
        extension = os.urandom(16)
        endpoint.send(self.prober.hello(client_extension=extension))
        return endpoint.receive_until(
            lambda packet: COOKIE.get(packet, "client_extension") == extension)[0]

    def send_all(self, packets, endpoint):
        """Returns the answers."""
        answers = []
        for start in range(0, len(packets), AT_ONCE):
            endpoint.send(*packets[start:start + AT_ONCE])
            answers += self.settle(endpoint)
        return answers

    def drops(self, endpoint):
        """How often the server has told each reason to drop a packet from there, since last asked
        about anybody."""
        self.log = self.log_file.read()
        port = str(endpoint.address[1])
        return collections.Counter(
            reason for sender, reason in DROPPED.findall(self.log) if sender == port)

    def assert_dropped(self, packets, *reasons, endpoint=None):
        """Each is dropped for one of the reasons, without an answer; nothing is started."""
        endpoint = endpoint or self.stranger
        self.drops(endpoint)
        self.assertEqual(self.send_all(packets, endpoint), [])
        told = self.drops(endpoint)
        self.assertEqual(sum(told.values()), sum(map(bool, packets)), "all but the empty are told")
        self.assertLessEqual(set(told), set(reasons))
        self.assertEqual(self.starts(), self.connections)
