"""A Message with anything wrong is silence and takes nothing from the right one, which reaches the
handler exactly once, however often and in whatever order it comes."""

import itertools
import random

from attack import Attack
from packet import CLIENT_MESSAGE, LAST_KEY_BIT, all_flips, all_lengths, flipped
from sodium import LOW_ORDER_POINTS, guessed_keys
from suite import main, wait_until
from visitor import token

WINDOW = 2048
BEHIND = ["bad Message", "packet too old", "repeated packet"]  # where the nonce was changed
# With one bit changed it is an Initiate.
DROP_REASONS = {"magic": ["not a packet", "bad Message", "malformed Initiate"],
                "client_short_term": ["unknown client"], "nonce": BEHIND, "box": ["bad Message"]}


class AttackOnConnection(Attack):
    """From the client's own address, which is the worst."""

    def setUp(self):
        super().setUp()
        self.visitor = self.connected()
        self.endpoint = self.visitor.endpoint

    def assert_dropped(self, packets, *reasons):
        super().assert_dropped(packets, *reasons, endpoint=self.endpoint)

    def assert_delivered_once(self, *messages):
        """All that have come are these, each once, whatever the order."""
        came = [*map(self.visitor.open_message, self.settle(self.endpoint)), *self.visitor.echo()]
        self.assertCountEqual(came, messages)
        self.assertEqual(self.endpoint.waiting(), [])


class Spoiled(AttackOnConnection):
    def test_with_any_bit_changed_that_counts_a_message_is_dropped(self):
        for size in (16, 640):  # the larger could be an Initiate
            said = token() * (size // 16)
            message = self.visitor.message(said)
            for field, reasons in DROP_REASONS.items():
                with self.subTest(field, size=size):
                    self.assert_dropped(all_flips(CLIENT_MESSAGE, field, message), *reasons)
            self.endpoint.send(message)
            self.assert_delivered_once(said)

    def test_in_any_other_length_a_message_is_dropped(self):
        said = token() * 40
        message = self.visitor.message(said)
        self.assert_dropped(all_lengths(message), "not a packet", "malformed Message",
                            "bad Message")
        self.endpoint.send(message)
        self.assert_delivered_once(said)

    def test_with_a_message_of_a_wrong_length_a_right_box_is_dropped(self):
        wrong = [size for size in range(1889) if size % 16 or not 16 <= size <= 1088]
        self.assert_dropped([self.visitor.message(bytes(size)) for size in wrong],
                            "malformed Message")

    def test_with_a_message_of_each_right_length_a_right_box_is_delivered(self):
        messages = [token() * (size // 16) for size in range(16, 1089, 16)]
        for start in range(0, len(messages), 16):
            said = messages[start:start + 16]
            self.endpoint.send(*map(self.visitor.message, said))
            self.assert_delivered_once(*said)

    def test_an_initiate_of_a_connected_client_may_hold_640_bytes_at_most(self):
        wrong = [size for size in range(1441) if size % 16 or not 16 <= size <= 640]
        self.assert_dropped([self.visitor.initiate(self.visitor.introduction(bytes(size)))
                             for size in wrong], "malformed Initiate")

    def test_a_box_of_another_packet_or_under_another_key_is_dropped(self):
        visitor, said = self.visitor, token()
        packets = [visitor.message(said, key=key)
                   for key in (visitor.short_long, self.friend.short_short, *guessed_keys())]
        packets += [visitor.message(said, prefix=prefix) for prefix in (
            b"CurveCP-client-H", b"CurveCP-client-I", b"CurveCP-server-M")]
        self.assert_dropped(packets, "bad Message")


class Strangers(AttackOnConnection):
    def test_who_is_not_connected_is_not_heard(self):
        """With a Cookie, with another's key, with a key of low order, or after the end."""
        stranger, said = self.newcomer().greet(), token()
        packets = [stranger.message(said)]
        packets += [stranger.message(said, client_short_term=point, key=key)
                    for point in LOW_ORDER_POINTS for key in guessed_keys()]
        self.assert_dropped(packets, "unknown client")
        impostor = stranger.message(said, client_short_term=self.visitor.short_term.public,
                                    nonce=next(self.visitor.nonces))
        self.assert_dropped([impostor], "bad Message")

    def test_after_the_end_of_a_connection_its_messages_are_nobodys(self):
        message = self.visitor.message(token())
        self.server.end_handlers()
        wait_until(lambda: self.server.log.count(": end, ") == 2, 5, "the connections have ended")
        initiate = self.visitor.initiate(self.visitor.introduction(token()))
        self.assert_dropped([message], "unknown client")
        self.assert_dropped([self.visitor.entrance, initiate], "cookie used before")
        self.friend = self.connected()


class Replayed(AttackOnConnection):
    def test_each_nonce_is_delivered_once_in_whatever_order_and_however_often(self):
        seed = random.randrange(2**32)
        dice = random.Random(seed)
        with self.subTest(seed=seed):
            for _ in range(20):
                said = [token() for _ in range(20)]
                packets = [self.visitor.message(one) for one in said] * 3
                dice.shuffle(packets)
                self.endpoint.send(*packets)
                self.assert_delivered_once(*said)

    def test_a_replay_is_told_from_a_late_packet_by_its_nonce(self):
        first, second, third = (self.visitor.message(token()) for _ in range(3))
        said = token()
        late = self.visitor.message(said)
        self.endpoint.send(first, second, third)
        self.assertEqual(len(self.visitor.echo()), 3)
        self.endpoint.send(late)
        self.assert_delivered_once(said)
        self.assert_dropped([first, second, third, late] * 5, "repeated packet")
        self.assert_delivered_once()

    def test_a_late_nonce_counts_within_the_window_and_not_behind_it(self):
        """And what was dropped as too old is so for ever."""
        base = next(self.visitor.nonces)
        newest = base + 3 * WINDOW
        said = {late: token() for late in (1, 63, 64, 65, WINDOW - 2, WINDOW - 1)}
        behind = [self.visitor.message(token(), nonce=newest - late)
                  for late in (WINDOW, WINDOW + 1, WINDOW + 63, WINDOW + 64, 2 * WINDOW, 3 * WINDOW)]
        greatest = token()
        self.endpoint.send(self.visitor.message(greatest, nonce=newest))
        self.assertEqual(self.visitor.await_echo(greatest), [])
        self.assert_dropped(behind, "packet too old")
        packets = [self.visitor.message(one, nonce=newest - late) for late, one in said.items()]
        self.endpoint.send(*packets)
        self.skip_nonces(newest)
        self.assert_delivered_once(*said.values())
        self.assert_dropped(packets, "repeated packet", "packet too old")

    def test_a_jump_of_the_nonce_lets_no_replay_in(self):
        """Wherever a nonce lands in the server's memory of the window."""
        recorded = [self.visitor.message(token()) for _ in range(100)]
        self.endpoint.send(*recorded[:50])
        self.assertEqual(len(self.visitor.echo()), 50)
        self.endpoint.send(*recorded[50:])
        self.assertEqual(len(self.visitor.echo()), 50)
        for jump in (63, 64, WINDOW - 200, WINDOW, 10 * WINDOW, 2**40):
            newest = next(self.visitor.nonces) + jump
            self.skip_nonces(newest)
            self.assertEqual(self.visitor.echo(), [])
            self.assert_dropped(recorded, "repeated packet", "packet too old")
        self.assert_delivered_once()

    def test_initiates_and_messages_share_one_window(self):
        visitor, said = self.visitor, token()
        nonces = [next(visitor.nonces) for _ in range(2)]
        as_message = [visitor.message(said, nonce=nonce) for nonce in nonces]
        as_initiate = [visitor.initiate(visitor.introduction(said), nonce=nonce)
                       for nonce in nonces]
        self.endpoint.send(as_message[0], as_initiate[1])
        self.assert_delivered_once(said, said)
        self.assert_dropped([as_initiate[0], as_message[1], visitor.entrance], "repeated packet")
        self.assert_delivered_once()

    def test_a_forged_packet_uses_up_no_nonce_and_moves_no_window(self):
        said = token()
        message = self.visitor.message(said)
        nonce_bits = CLIENT_MESSAGE.bits("nonce", message)
        self.assert_dropped([flipped(message, bit) for bit in nonce_bits[11:]] +
                            [flipped(message, 8 * len(message) - 1)] * 3, *BEHIND)
        self.endpoint.send(message)
        self.assert_delivered_once(said)

    def skip_nonces(self, newest):
        self.visitor.nonces = itertools.count(newest + 1)


if __name__ == "__main__":
    main()
