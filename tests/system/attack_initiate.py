"""An Initiate with anything wrong starts nothing, is silence, and does not spend its cookie: the
right one gets in afterwards."""

import os

from attack import Attack
from packet import (INITIATE, INTRODUCTION, LAST_KEY_BIT, all_flips, all_lengths, flipped,
                    server_name)
from sodium import LOW_ORDER_POINTS, KeyPair, SharedKey, guessed_keys
from suite import NAME, main
from visitor import token

DROP_REASONS = {
    # With one bit changed it is a Message, or a Hello but for its length.
    "magic": ["not a packet", "unknown client", "malformed Hello"],
    "server_extension": ["wrong extension"], "client_short_term": ["cookie of another client"],
    "cookie": ["expired cookie"], "nonce": ["bad Initiate"], "box": ["bad Initiate"]}
DROP_REASONS_INSIDE = {"client_long_term": ["bad vouch"], "vouch": ["bad vouch"],
                       "name": ["wrong server name"]}


class AttackWithInitiates(Attack):
    def setUp(self):
        super().setUp()
        self.visitor = self.newcomer().greet()

    def tearDown(self):
        """The cookie was not spent."""
        self.visitor.enter()
        self.connections += 1
        super().tearDown()

    def introduction(self, **fields):
        return self.visitor.introduction(token(), **fields)

    def with_introduction(self, **fields):
        return self.visitor.initiate(self.introduction(**fields))


class Spoiled(AttackWithInitiates):
    def test_with_any_bit_changed_outside_of_the_box_or_in_it_an_initiate_is_dropped(self):
        initiate = self.with_introduction()
        for field, reasons in DROP_REASONS.items():
            with self.subTest(field):
                self.assert_dropped(all_flips(INITIATE, field, initiate), *reasons)

    def test_with_any_bit_changed_before_it_was_sealed_an_initiate_is_dropped(self):
        right = self.introduction()
        for field, reasons in DROP_REASONS_INSIDE.items():
            with self.subTest(field):
                flips = all_flips(INTRODUCTION, field, right)
                if field == "client_long_term":
                    del flips[LAST_KEY_BIT]  # Curve25519 has 255 bits
                self.assert_dropped(list(map(self.visitor.initiate, flips)), *reasons)

    def test_in_any_other_length_an_initiate_is_dropped(self):
        initiate = self.with_introduction()
        self.assert_dropped(all_lengths(initiate), "not a packet", "malformed Initiate",
                            "bad Initiate")

    def test_with_a_message_of_a_wrong_length_a_right_box_is_dropped(self):
        wrong = [size for size in range(1441) if size % 16 or not 16 <= size <= 640]
        self.assert_dropped([self.visitor.initiate(self.visitor.introduction(bytes(size)))
                             for size in wrong], "malformed Initiate")

    def test_a_box_with_less_than_an_introduction_is_dropped(self):
        right = self.introduction()
        self.assert_dropped([self.visitor.initiate(right[:size]) for size in range(len(right))],
                            "malformed Initiate")

    def test_a_box_of_another_packet_or_under_another_key_is_dropped(self):
        visitor, right = self.visitor, self.introduction()
        keys = (visitor.short_long, SharedKey.of(visitor.server_short_term, KeyPair().secret),
                SharedKey.of(visitor.server_short_term, visitor.long_term.secret))
        packets = [visitor.initiate(right, key=key) for key in keys]
        packets += [visitor.initiate(right, prefix=b"CurveCP-client-" + kind)
                    for kind in (b"H", b"M", b"i")]
        self.assert_dropped(packets, "bad Initiate")


class Cookies(AttackWithInitiates):
    def test_with_another_clients_cookie_nobody_gets_in(self):
        """Though its true owner told all: who seals for the keys in the cookie is not yet him."""
        thief, owner = self.newcomer().greet(), self.visitor
        shared = SharedKey.of(owner.server_short_term, thief.short_term.secret)
        introduction = thief.introduction(token())
        self.assert_dropped(
            [thief.initiate(introduction, cookie=owner.cookie, key=key)
             for key in (shared, thief.short_short, owner.short_short)], "cookie of another client")
        self.assert_dropped([thief.initiate(introduction, key=owner.short_short)], "bad Initiate")

    def test_an_invented_cookie_gets_nobody_in(self):
        self.assert_dropped(
            [self.visitor.initiate(self.introduction(), cookie=cookie)
             for cookie in (bytes(96), b"\xff" * 96, os.urandom(96))], "expired cookie")

    def test_an_old_cookie_of_the_same_client_fits_no_new_box(self):
        stale = self.visitor.cookie
        self.visitor.greet()
        self.assert_dropped([self.visitor.initiate(self.introduction(), cookie=stale)],
                            "bad Initiate")


class Names(AttackWithInitiates):
    def test_a_name_that_is_not_the_servers_in_all_256_bytes_is_dropped(self):
        right = server_name(NAME)
        length = len(right.rstrip(b"\0"))
        wrong = [server_name(text) for text in (
            "", "test", "example", "test.example.org", "a.test.example", "test.exampl",
            "Test.example", "TEST.EXAMPLE", "other.example", "example.test")]
        wrong += [NAME.encode().ljust(256, b"\0"), bytes([len(NAME)]) + right[1:],
                  b"\0" + right[:255], right[:length] + b"\0" + right[1:256 - length],
                  right[:255] + b"\1", b"\xff" * 256]
        self.assert_dropped([self.with_introduction(name=name) for name in wrong],
                            "wrong server name")


class Vouches(AttackWithInitiates):
    def test_who_lacks_the_long_term_secret_key_cannot_claim_the_public_one(self):
        """A known client's key in front of vouches made with everything that a thief may have."""
        thief, known = self.visitor, self.friend.long_term.public
        keys = (SharedKey.of(thief.server_key, thief.long_term.secret), thief.short_long,
                thief.short_short, SharedKey.of(known, thief.long_term.secret),
                SharedKey.of(known, thief.short_term.secret), *guessed_keys())
        self.assert_dropped(
            [self.with_introduction(client_long_term=known, vouch=thief.vouch(key=key))
             for key in keys], "bad vouch")

    def test_a_vouch_for_another_short_term_key_is_dropped(self):
        """Such as the one that a client gave in another connection."""
        visitor, other = self.visitor, KeyPair().public
        vouched = (other, self.friend.short_term.public, visitor.long_term.public,
                   visitor.server_short_term, visitor.server_key, bytes(32),
                   flipped(visitor.short_term.public, 0),
                   flipped(visitor.short_term.public, LAST_KEY_BIT))
        self.assert_dropped(
            [self.with_introduction(vouch=visitor.vouch(short_term=key)) for key in vouched],
            "bad vouch")

    def test_a_stolen_vouch_of_a_known_client_is_dropped(self):
        """Whoever runs another service that the client visits has seen such a thing."""
        stolen = self.friend.introduction(token())
        client, vouch = (INTRODUCTION.get(stolen, part) for part in ("client_long_term", "vouch"))
        self.assert_dropped([self.with_introduction(client_long_term=client, vouch=vouch)],
                            "bad vouch")

    def test_a_vouch_to_another_server_or_in_another_kind_of_box_is_dropped(self):
        visitor = self.visitor
        elsewhere = SharedKey.of(KeyPair().public, visitor.long_term.secret)
        vouches = [visitor.vouch(key=elsewhere), bytes(64), os.urandom(64)]
        vouches += [visitor.vouch(prefix=prefix) for prefix in (b"CurveCPK", b"minute-k")]
        self.assert_dropped([self.with_introduction(vouch=vouch) for vouch in vouches], "bad vouch")


class LowOrder(AttackWithInitiates):
    def test_a_long_term_key_of_low_order_is_dropped(self):
        """Anybody could vouch for it."""
        self.assert_dropped(
            [self.with_introduction(client_long_term=point, vouch=self.visitor.vouch(key=key))
             for point in LOW_ORDER_POINTS for key in guessed_keys()], "bad vouch")

    def test_a_short_term_key_of_low_order_is_dropped(self):
        self.assert_dropped(
            [self.visitor.initiate(self.introduction(vouch=self.visitor.vouch(short_term=point)),
                                   client_short_term=point, key=key)
             for point in LOW_ORDER_POINTS for key in guessed_keys()], "cookie of another client")


if __name__ == "__main__":
    main()
