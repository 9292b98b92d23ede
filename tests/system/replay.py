"""A recorded connection that is sent again starts nothing and steers nothing, neither while the
connection lives nor after it ended: a cookie is good for one connection."""

import socket
import time

from relay import Relay
from suite import HANDLER, Case, main, wait_until


class Replay(Case):
    def setUp(self):
        super().setUp()
        self.log = self.file("handlers")
        self.server = self.serve(*HANDLER, "echo", self.log)
        self.relay = Relay(self, self.server.port)
        self.stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stranger.bind(("127.0.0.1", 0))
        self.addCleanup(self.stranger.close)

    def started(self):
        return self.lines_of(self.log).count("started")

    def send_all_again(self):
        """Everything that the client ever sent comes again, from another port."""
        packets = list(self.relay.from_client)
        self.assertGreater(len(self.relay.initiates()), 0, "an Initiate was recorded")
        for packet in packets:
            self.stranger.sendto(packet, ("127.0.0.1", self.server.port))
            time.sleep(0.001)

    def answers(self):
        """Datagrams that the stranger has got, but for the Cookies that every Hello gets."""
        self.stranger.settimeout(0.5)
        got = []
        try:
            while True:
                got.append(self.stranger.recv(2000))
        except TimeoutError:
            return [packet for packet in got if not packet.startswith(b"RL3aNMXK")]

    def test_while_connected_a_replay_is_not_answered_and_starts_nothing(self):
        client = self.hold(self.server, *HANDLER, "say", 60, 64, 4, port=self.relay.port)
        wait_until(lambda: self.started() == 1 and len(self.relay.from_client) > 50, 5, "traffic")
        self.send_all_again()
        self.assertEqual(self.answers(), [])
        self.assertRegex(client.communicate(timeout=10)[0], r"^[1-9]\d* lives$")
        self.assertEqual(self.started(), 1)

    def test_after_the_end_a_replay_starts_nothing(self):
        done = self.connect(self.server, *HANDLER, "say", 3, 64, 0.5, port=self.relay.port)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.server.end_handlers()
        for _ in range(3):
            self.send_all_again()
        self.assertEqual(self.answers(), [])
        self.assertEqual((self.started(), self.server.handlers()), (1, []))

    def test_a_new_connection_of_the_same_client_is_welcome_after_a_replay(self):
        for connections in (1, 2):
            done = self.connect(self.server, *HANDLER, "say", 1, 64, 0.5, port=self.relay.port,
                                options=("-c", self.client_keys[0]))
            self.assertEqual(done.stdout, "17 lives\n", done.stderr)
            self.send_all_again()
            self.assertEqual(self.started(), connections)

    def test_an_initiate_that_met_a_full_server_is_good_once_a_slot_is_free(self):
        log = self.file("one slot")
        self.server = self.serve(*HANDLER, "echo", log, options=("-c", "1"))
        self.relay = Relay(self, self.server.port)
        self.hold(self.server, *HANDLER, "hold")
        wait_until(lambda: self.lines_of(log) == ["started"], 5, "the slot is taken")
        self.connect(self.server, *HANDLER, "say", 1, 64, 0.3, port=self.relay.port)
        self.server.end_handlers()
        self.send_all_again()
        wait_until(lambda: self.lines_of(log) == ["started"] * 2, 5, "the cookie was not spent")


if __name__ == "__main__":
    main()
