"""Where the server's replies go: to the address and the extension of the client's newest packet that
is really its own, wherever forged, replayed and late ones come from."""

from attack import Attack
from endpoint import Endpoint
from packet import CLIENT_MESSAGE, INITIATE, flipped
from sodium import guessed_keys
from suite import main
from visitor import token

FORGED = ("bad Message", "packet too old", "repeated packet")


class Redirect(Attack):
    def setUp(self):
        super().setUp()
        self.visitor = self.connected()
        self.thief = Endpoint(self, (self.server.ip, self.server.port))
        self.thief_extension = b"the thief's own!"

    def steal(self, packets, *reasons):
        """The thief sends them, once as they are and once with an extension of its own; then a
        message of the handler's still goes to the client, to its extension, and to nobody else."""
        self.assert_dropped(packets, *reasons, endpoint=self.thief)
        self.assert_dropped(
            [CLIENT_MESSAGE.put(packet, client_extension=self.thief_extension)
             for packet in packets], *reasons, endpoint=self.thief)
        self.assert_replies_go_to(self.visitor.endpoint)

    def assert_replies_go_to(self, endpoint):
        """The handler says something without being asked by a packet that shows where to."""
        said = token()
        late = self.visitor.message(said, nonce=self.take_late_nonce())
        third = Endpoint(self, (self.server.ip, self.server.port))
        third.send(CLIENT_MESSAGE.put(late, client_extension=b"of a third party"))
        before, reply = endpoint.receive_until(
            lambda packet: self.visitor.open_message(packet) == said)
        self.assertEqual(before, [])
        self.assertEqual((self.thief.waiting(), third.waiting()), ([], []))

    def take_late_nonce(self):
        """One that was left out, so that a packet with it is late, and still delivered."""
        return self.left_out.pop()

    def leave_nonces_out(self, count):
        self.left_out = [next(self.visitor.nonces) for _ in range(count)]
        self.assertEqual(self.visitor.echo(), [])


class Forged(Redirect):
    def test_a_forged_packet_from_elsewhere_moves_nothing(self):
        """Above all with a nonce that is newer than every other."""
        self.leave_nonces_out(1)
        newest = 2**64 - 1
        said, visitor = token(), self.visitor
        good = visitor.message(said)
        forged = [visitor.message(said, nonce=newest, key=key)
                  for key in (visitor.short_long, *guessed_keys())]
        forged += [CLIENT_MESSAGE.put(good, nonce=newest.to_bytes(8, "little")),
                   flipped(good, 8 * len(good) - 1)]
        forged += [flipped(good, bit) for bit in CLIENT_MESSAGE.bits("nonce", good)]
        self.steal(forged, *FORGED)

    def test_an_initiate_that_does_not_open_moves_nothing(self):
        self.leave_nonces_out(1)
        visitor = self.visitor
        good = visitor.initiate(visitor.introduction(token()))
        self.steal([flipped(good, 8 * len(good) - 1), flipped(good, INITIATE.bits("nonce", good)[-1]),
                    visitor.initiate(visitor.introduction(token()), key=visitor.short_long)],
                   *FORGED)


class Replayed(Redirect):
    def test_what_the_server_has_heard_moves_nothing_when_it_comes_again(self):
        self.leave_nonces_out(1)
        recorded = [self.visitor.message(token()) for _ in range(20)]
        self.visitor.endpoint.send(*recorded)
        self.assertEqual(len(self.visitor.echo()), 20)
        self.steal([self.visitor.entrance, *recorded], "repeated packet")


class Late(Redirect):
    def test_a_late_packet_is_delivered_but_its_answer_goes_to_the_newest_address(self):
        self.leave_nonces_out(3)
        for _ in range(3):
            self.assert_replies_go_to(self.visitor.endpoint)

    def test_a_packet_that_was_overtaken_does_not_move_a_client_back(self):
        """The client moves, and what it sent from its old address comes afterwards."""
        self.leave_nonces_out(4)
        old, self.visitor.endpoint = self.visitor.endpoint, Endpoint(
            self, (self.server.ip, self.server.port))
        self.visitor.extension = b"a new extension."
        self.assertEqual(self.visitor.echo(), [], "roaming works")
        said = token()
        old.send(self.visitor.message(said, nonce=self.take_late_nonce()))
        self.assertEqual(self.visitor.await_echo(said), [])
        self.assert_replies_go_to(self.visitor.endpoint)
        self.assertEqual(old.waiting(), [])


if __name__ == "__main__":
    main()
