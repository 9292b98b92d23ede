"""Hellos with anything wrong are silence; good ones leave nothing behind, however often they come."""

from attack import Attack
from packet import COOKIE, HELLO, LAST_KEY_BIT, all_flips, all_lengths, flipped
from sodium import LOW_ORDER_POINTS, KeyPair, SharedKey, guessed_keys
from suite import main

# With one bit changed its magic is an Initiate's.
DROP_REASONS = {"magic": ["not a packet", "malformed Initiate"],
                "server_extension": ["wrong extension"],
                "client_short_term": ["bad Hello"], "nonce": ["bad Hello"], "box": ["bad Hello"]}


class Spoiled(Attack):
    def test_with_any_bit_changed_that_counts_a_hello_is_dropped(self):
        hello = self.newcomer().hello()
        for field, reasons in DROP_REASONS.items():
            with self.subTest(field):
                flips = all_flips(HELLO, field, hello)
                if field == "client_short_term":
                    del flips[LAST_KEY_BIT]
                self.assert_dropped(flips, *reasons)

    def test_what_no_box_covers_changes_only_where_the_cookie_goes(self):
        """The client's extension is given back as it came, the zeros are not looked at, and a
        Curve25519 key has 255 bits."""
        visitor = self.newcomer()
        hello = visitor.hello()
        flips = [*all_flips(HELLO, "client_extension", hello), *all_flips(HELLO, "zeros", hello),
                 flipped(hello, HELLO.bits("client_short_term", hello)[LAST_KEY_BIT])]
        answers = self.send_all(flips, self.stranger)
        self.assertEqual([COOKIE.get(answer, "client_extension") for answer in answers],
                         [HELLO.get(sent, "client_extension") for sent in flips])
        self.assertTrue(all(map(visitor.open_cookie, answers)))

    def test_in_any_other_length_a_hello_is_dropped(self):
        self.assert_dropped(all_lengths(self.newcomer().hello()), "not a packet",
                            "malformed Hello")

    def test_a_box_that_does_not_hold_zeros_is_dropped(self):
        visitor = self.newcomer()
        zeros = bytes(64)
        self.assert_dropped([visitor.hello(plaintext=flipped(zeros, bit)) for bit in range(8 * 64)],
                            "bad Hello")

    def test_a_box_for_another_server_or_another_packet_is_dropped(self):
        visitor = self.newcomer()
        to_another = SharedKey.of(KeyPair().public, visitor.short_term.secret)
        from_another = SharedKey.of(visitor.server_key, KeyPair().secret)
        self.assert_dropped([visitor.hello(key=to_another), visitor.hello(key=from_another),
                             *(visitor.hello(prefix=b"CurveCP-client-" + kind)
                               for kind in (b"I", b"M", b"h"))], "bad Hello")

    def test_a_short_term_key_of_low_order_is_dropped(self):
        """Anybody could open and make its boxes."""
        visitor = self.newcomer()
        self.assert_dropped([visitor.hello(client_short_term=point, key=key)
                             for point in LOW_ORDER_POINTS for key in guessed_keys()], "bad Hello")


class Replayed(Attack):
    def test_a_replayed_hello_gets_a_fresh_cookie_each_time_and_is_forgotten(self):
        visitor = self.newcomer()
        hello = visitor.hello()
        cookies = self.send_all([hello] * 100, self.stranger)
        self.assertEqual(len(cookies), 100)
        self.assertEqual({len(cookie) for cookie in cookies}, {200}, "smaller than the question")
        opened = [visitor.open_cookie(cookie) for cookie in cookies]
        for what in (*zip(*opened), [COOKIE.get(cookie, "nonce") for cookie in cookies]):
            self.assertEqual(len(set(what)), 100, "S', K and nonce are used once")
        visitor.accept_cookie(cookies[50])
        visitor.enter()
        self.connections += 1


if __name__ == "__main__":
    main()
