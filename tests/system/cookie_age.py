"""A cookie is good for one to two minutes, and for one connection. In real time: minute keys change
by the server's clock, and nobody else's."""

import time

from attack import Attack
from suite import main
from visitor import token

MINUTE = 60.0
MARGIN = 0.5  # the server's clock started a little before we heard of it


class CookieAge(Attack):
    def test_a_cookie_outlives_one_change_of_the_minute_key_and_not_two(self):
        answered = time.monotonic()  # at least one Hello was, and so the first minute runs
        ended, used, late, later, too_late = (self.newcomer().greet() for _ in range(5))
        ended.enter()
        used.enter()
        self.connections += 2
        self.server.end_handlers()
        self.friend = self.connected()

        self.sleep_until(answered + MINUTE + MARGIN)
        self.assert_spent((ended, used), "cookie used before")
        late.enter()
        self.connections += 1
        newer = self.newcomer().greet()

        self.sleep_until(answered + 2 * MINUTE + MARGIN, late)
        self.assert_spent((ended, used, later, too_late), "expired cookie")
        self.assertEqual(late.echo(), [], "a connection needs its cookie no more")
        newer.enter()
        too_late.greet().enter()
        self.connections += 2

    def assert_spent(self, visitors, reason):
        """Neither what they once got in with nor an Initiate that is new gets them in now."""
        self.assert_dropped([visitor.initiate(visitor.introduction(token()))
                             for visitor in visitors], reason)
        self.assert_dropped([visitor.entrance for visitor in visitors
                             if hasattr(visitor, "entrance")], reason)

    def sleep_until(self, when, *visitors):
        """Meanwhile the connections are used, since handlers of the tests' end in silence."""
        while (left := when - time.monotonic()) > 0:
            time.sleep(min(left, 20))
            for visitor in (self.friend, *visitors):
                self.assertEqual(visitor.echo(), [])


if __name__ == "__main__":
    main()
