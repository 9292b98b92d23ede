"""Floods of what anybody can send: the server keeps its memory and its connections, and lets new
clients in, while it goes on."""

import re
import time

from attack import Attack
from flooder import Flooder
from suite import main
from visitor import token

RATE = 20_000  # packets a second: far more than the server answers, far less than it can read
LASTS = 2.5
LEAST_ECHOES = 10  # of the connected client's in that time
GETS_IN_WITHIN = 15.0
PATIENCE = 0.5  # of a client, before it sends something again
MOST_GROWTH = 512  # KiB; a few hundred bytes for each packet would be tens of MiB


class Flood(Attack):
    verbosity = "-v"  # not a line for each packet

    def assert_withstands(self, packets):
        """Twice, since what is needed once is there the second time."""
        self.flood(packets)
        resident = self.resident()
        sent = self.flood(packets)
        self.assertLess(self.resident() - resident, MOST_GROWTH, f"after {sent} packets")
        self.friend.echo()  # after what came late

    def flood(self, packets):
        flooder = Flooder(self, packets, (self.server.ip, self.server.port), RATE)
        self.assertGreaterEqual(self.echoes(LASTS), LEAST_ECHOES, "the friend is not starved")
        self.get_in(self.newcomer())
        flooder.end()
        return flooder.sent.value

    def echoes(self, seconds):
        """How many messages come back to the connected client in that time, one after the other."""
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            said = token()
            self.friend.endpoint.send(self.friend.message(said))
            count += self.answered(
                self.friend, lambda packet: self.friend.open_message(packet) == said)
        return count

    def get_in(self, visitor):
        """As a client would: it asks and it says its message until there is an answer."""
        end = time.monotonic() + GETS_IN_WITHIN
        while not self.cookie_came(visitor):
            self.assertLess(time.monotonic(), end, "a Cookie comes")
        said = token()
        while not self.initiate_answered(visitor, said):
            self.assertLess(time.monotonic(), end, "the first message is answered")
        self.connections += 1

    def cookie_came(self, visitor):
        visitor.endpoint.send(visitor.hello())
        cookie = visitor.endpoint.receive(PATIENCE)
        if cookie:
            visitor.accept_cookie(cookie)
        return cookie is not None

    def initiate_answered(self, visitor, said):
        visitor.endpoint.send(visitor.initiate(visitor.introduction(said)))
        return self.answered(visitor, visitor.open_message)

    @staticmethod
    def answered(visitor, is_answer):
        end = time.monotonic() + PATIENCE
        while (packet := visitor.endpoint.receive(end - time.monotonic())) is not None:
            if is_answer(packet):
                return True
        return False

    def resident(self):
        """KiB of memory."""
        with open(f"/proc/{self.server.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))


class Floods(Flood):
    def test_a_flood_of_hellos(self):
        visitors = [self.newcomer() for _ in range(50)]
        self.assert_withstands([visitor.hello() for visitor in visitors for _ in range(20)])

    def test_a_flood_of_initiates_with_a_good_cookie_and_a_bad_vouch(self):
        """What costs the server most before it says no."""
        visitor = self.newcomer().greet()
        self.assert_withstands([visitor.initiate(visitor.introduction(token(), vouch=bytes(64)))
                                for _ in range(1000)])

    def test_a_flood_of_initiates_with_invented_cookies(self):
        visitor = self.newcomer().greet()
        visitor.cookie = bytes(96)
        self.assert_withstands([visitor.initiate(visitor.introduction(token()))
                                for _ in range(1000)])

    def test_a_flood_of_forged_messages_of_the_connected_client(self):
        """Whoever sees its packets knows its key."""
        self.assert_withstands([
            self.friend.message(bytes(1088), key=self.friend.short_long, nonce=2**48 + number)
            for number in range(1000)])


if __name__ == "__main__":
    main()
