"""The client does not believe what is not its server's: no Cookie that is wrong in anything starts
its handler, no Message that is wrong in anything reaches it, and a right one does so once."""

import itertools
import random

from endpoint import Endpoint
from forged_server import ForgedServer
from packet import COOKIE, SERVER_MESSAGE, all_flips, all_lengths, flipped
from sodium import LOW_ORDER_POINTS, KeyPair, SharedKey, guessed_keys
from suite import HANDLER, Case, children, main, wait_until
from udp_ports import unread
from visitor import token

# As many datagrams as surely fit into the client's socket before it has read any.
AT_ONCE = 32
WINDOW = 2048


class AttackOnClient(Case):
    def setUp(self):
        super().setUp()
        self.server = ForgedServer(self)
        self.endpoint = self.server.endpoint
        self.elsewhere = (Endpoint(self), Endpoint(self, bind=("127.0.0.2", self.server.port)))

    def start(self, *habit):
        """A client that has asked."""
        self.client = self.hold(self.server, *HANDLER, *habit)
        self.server.hear_hello()
        self.client_port = self.endpoint.peer[1]

    def send_read(self, packets, endpoint=None):
        """Sends so that the client's socket loses nothing."""
        for start in range(0, len(packets), AT_ONCE):
            (endpoint or self.endpoint).send(*packets[start:start + AT_ONCE], to=self.endpoint.peer)
            wait_until(lambda: unread(self.client_port)[0] == 0, 10, "the client reads all")
        self.assertEqual(unread(self.client_port)[1], 0, "nothing was lost on the way")


class Cookies(AttackOnClient):
    def setUp(self):
        super().setUp()
        self.start("hold")

    def assert_not_believed(self, packets, endpoint=None):
        """The client asks on and has started nothing; a right Cookie is believed at once."""
        self.send_read(packets, endpoint)
        earlier = self.endpoint.waiting()
        self.assertEqual([packet[:8] for packet in earlier if not self.server.is_hello(packet)], [])
        before, _ = self.endpoint.receive_until(self.server.is_hello)
        self.assertEqual((before, children(self.client.pid)), ([], []))
        self.endpoint.send(self.server.cookie())
        answer = self.endpoint.receive_until(lambda packet: not self.server.is_hello(packet))[1]
        self.assertEqual(self.server.open_initiate(answer), b"x" * 16)

    def test_with_any_bit_changed_a_cookie_is_not_believed(self):
        cookie = self.server.cookie()
        self.assert_not_believed([flip for field in COOKIE.sizes
                                  for flip in all_flips(COOKIE, field, cookie)])

    def test_in_any_other_length_a_cookie_is_not_believed(self):
        self.assert_not_believed(all_lengths(self.server.cookie()))

    def test_a_cookie_from_an_address_or_port_that_was_not_asked_is_not_believed(self):
        for endpoint in self.elsewhere[1:]:
            self.send_read([self.server.cookie()] * 10, endpoint)
        self.assert_not_believed([self.server.cookie()] * 10, self.elsewhere[0])

    def test_a_cookie_for_another_client_or_from_another_server_is_not_believed(self):
        server, other = self.server, KeyPair()
        keys = (SharedKey.of(other.public, server.long_term.secret),
                SharedKey.of(server.client_short_term, other.secret), server.short_short,
                *guessed_keys())
        self.assert_not_believed(
            [server.cookie(key=key) for key in keys] +
            [server.cookie(prefix=prefix) for prefix in (b"CurveCPV", b"minute-k")])

    def test_a_servers_short_term_key_of_low_order_is_not_believed(self):
        """Anybody could join in the talk that followed."""
        self.assert_not_believed(
            [self.server.cookie(short_term=point) for point in LOW_ORDER_POINTS])


class Keys(AttackOnClient):
    def test_a_servers_long_term_key_of_low_order_is_refused_before_anything_is_sent(self):
        for point in LOW_ORDER_POINTS:
            done = self.connect(self.server, *HANDLER, "hold", key=point.hex())
            self.assertIn(done.returncode, (100, 111))
            self.assert_one_line(done.stderr, "key|pk")
        self.assertEqual(self.endpoint.waiting(), [])


class BeforeTheFirstMessage(AttackOnClient):
    def test_a_forged_message_does_not_make_the_client_leave_its_initiates(self):
        self.start("say", 2, 16, 1)
        self.endpoint.send(self.server.cookie())
        self.endpoint.receive_until(self.server.open_initiate)
        message = self.server.message(token())
        self.send_read([flip for field in SERVER_MESSAGE.sizes
                        for flip in all_flips(SERVER_MESSAGE, field, message)])
        second = self.endpoint.receive_until(lambda packet: not self.server.is_hello(packet))[1]
        self.assertEqual(self.server.open_initiate(second), b"x" * 16)
        self.assertEqual(self.client.communicate(timeout=10)[0], "0 lives\n")

    def test_a_message_without_a_cookie_means_nothing(self):
        self.start("hold")
        self.send_read([self.server.message(token(), key=key)
                        for key in (self.server.short_short, self.server.short_long)])
        self.assertEqual(children(self.client.pid), [])
        self.endpoint.send(self.server.cookie())
        self.endpoint.receive_until(self.server.open_initiate)


class Messages(AttackOnClient):
    def setUp(self):
        super().setUp()
        self.start("hold")
        self.endpoint.send(self.server.cookie())
        self.endpoint.receive_until(self.server.open_initiate)
        self.assertEqual(self.echoed(), [])

    def echoed(self):
        """The messages that the client's handler has sent back since the last time."""
        said = token()
        self.endpoint.send(self.server.message(said))
        packets, _ = self.endpoint.receive_until(
            lambda packet: self.server.open_message(packet) == said)
        return list(map(self.server.open_message, packets))

    def assert_not_delivered(self, packets, endpoint=None):
        """Nor is anything else changed."""
        for start in range(0, len(packets), AT_ONCE):
            (endpoint or self.endpoint).send(*packets[start:start + AT_ONCE], to=self.endpoint.peer)
            self.assertEqual(self.echoed(), [])
        self.assertEqual(unread(self.client_port)[1], 0, "nothing was lost on the way")
        self.assertEqual([len(end.waiting()) for end in self.elsewhere], [0, 0])

    def assert_delivered_once(self, packets, *messages):
        self.endpoint.send(*packets)
        self.assertCountEqual(self.echoed(), messages)

    def test_with_any_bit_changed_a_message_is_not_delivered(self):
        said = token()
        message = self.server.message(said)
        for field in SERVER_MESSAGE.sizes:
            with self.subTest(field):
                self.assert_not_delivered(all_flips(SERVER_MESSAGE, field, message))
        self.assert_delivered_once([message], said)

    def test_in_any_other_length_a_message_is_not_delivered(self):
        said = token() * 12
        message = self.server.message(said)
        self.assert_not_delivered(all_lengths(message))
        self.assert_delivered_once([message], said)

    def test_a_right_box_is_delivered_with_16_to_1088_bytes_in_steps_of_16(self):
        wrong = [size for size in range(1889) if size % 16 or not 16 <= size <= 1088]
        self.assert_not_delivered([self.server.message(bytes(size)) for size in wrong])
        for size in range(16, 1089, 16):
            said = token() * (size // 16)
            self.assert_delivered_once([self.server.message(said)], said)

    def test_a_message_from_another_address_or_port_is_not_delivered(self):
        """Though its box is right: somebody copies what the server sends."""
        for endpoint in self.elsewhere:
            self.assert_not_delivered([self.server.message(token()) for _ in range(10)], endpoint)

    def test_a_box_of_another_packet_or_under_another_key_is_not_delivered(self):
        server = self.server
        keys = (server.short_long, SharedKey.of(server.client_short_term, KeyPair().secret),
                *guessed_keys())
        packets = [server.message(token(), key=key) for key in keys]
        packets += [server.message(token(), prefix=prefix)
                    for prefix in (b"CurveCP-client-M", b"CurveCP-client-I")]
        self.assert_not_delivered(packets)

    def test_a_later_cookie_changes_nothing(self):
        """Also a right one: with it somebody could begin the connection anew."""
        self.assert_not_delivered([self.server.cookie(), self.server.cookie(
            short_term=KeyPair().public)] * 10)
        for endpoint in self.elsewhere:
            self.assert_not_delivered([self.server.cookie()], endpoint)

    def test_each_nonce_is_delivered_once_in_whatever_order_and_however_often(self):
        seed = random.randrange(2**32)
        dice = random.Random(seed)
        with self.subTest(seed=seed):
            for _ in range(20):
                said = [token() for _ in range(20)]
                packets = [self.server.message(one) for one in said] * 3
                dice.shuffle(packets)
                self.assert_delivered_once(packets, *said)
                self.assert_delivered_once(packets)

    def test_a_late_nonce_counts_within_the_window_and_not_behind_it(self):
        newest = next(self.server.nonces) + 3 * WINDOW
        said = {late: token() for late in (1, 64, 65, WINDOW - 2)}
        self.server.nonces = itertools.count(newest)
        self.assertEqual(self.echoed(), [])
        self.assert_not_delivered([self.server.message(token(), nonce=newest - late) for late in (
            WINDOW + 64, WINDOW + 65, 2 * WINDOW, 3 * WINDOW)])
        packets = [self.server.message(one, nonce=newest - late) for late, one in said.items()]
        self.server.nonces = itertools.count(newest + 2)
        self.assert_delivered_once(packets, *said.values())
        self.assert_delivered_once(packets)

    def test_a_forged_message_uses_up_no_nonce_and_moves_no_window(self):
        said = token()
        message = self.server.message(said)
        bits = SERVER_MESSAGE.bits("nonce", message)[11:]
        self.assert_not_delivered([flipped(message, bit) for bit in bits])
        self.assert_delivered_once([message], said)


if __name__ == "__main__":
    main()
