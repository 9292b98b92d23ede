"""10,000 datagrams of anything, to the server's port and to the client's: nothing is started, nothing
is answered, and the connection between the two goes on."""

import random
import subprocess

from endpoint import Endpoint
from packet import MAGIC, MOST_BYTES
from suite import EXTENSION, Case, main, wait_until
from udp_ports import unread

COUNT = 10_000
AT_ONCE = 32
SIZES = (80, 96, 112, 192, 200, 224, 560, 1152, 1168, 1184, 1200)  # at which something begins
CONVERSATION = """exec 3<&6; echo begin >&7; read -r line <&3; echo "$line"; read -r go
    echo "$line and $go" >&7; exec 7>&-; cat <&3"""


class RandomDatagrams(Case):
    def setUp(self):
        super().setUp()
        self.seed = random.randrange(2**32)
        self.dice = random.Random(self.seed)
        self.server = self.serve("curvecpmessage", "cat", options=("-v",))
        self.client = self.hold(self.server, "curvecpmessage", "-C", "sh", "-c", CONVERSATION,
                                stdin=subprocess.PIPE)
        self.assertEqual(self.client.stdout.readline(), "begin\n")

    def test_a_connection_goes_on_beside_10000_random_datagrams(self):
        with self.subTest(seed=self.seed):
            for port in (self.server.port, self.server.client_port()):
                self.assertEqual(self.send_anything(port), [])
            said, err = self.client.communicate("end\n", timeout=30)
            self.assertEqual((self.client.returncode, said), (0, "begin and end\n"), err)
            self.assertIsNone(self.server.process.poll())
            self.assertEqual(self.server.log.count(": start, from "), 1)

    def send_anything(self, port):
        stranger = Endpoint(self, ("127.0.0.1", port))
        for _ in range(COUNT // AT_ONCE + 1):
            stranger.send(*(self.anything() for _ in range(AT_ONCE)))
            wait_until(lambda: unread(port)[0] == 0, 10, "all is read")
        self.assertEqual(unread(port)[1], 0, "nothing was lost on the way")
        return stranger.waiting()

    def anything(self):
        """Random bytes; half of the time behind a magic and perhaps the server's extension, half of
        the time in a length that means something."""
        size = self.dice.choice((self.dice.randint(0, MOST_BYTES), self.dice.choice(SIZES)))
        front = b""
        if self.dice.random() < 0.5:
            front = self.dice.choice(list(MAGIC.values()))
            front += bytes.fromhex(EXTENSION) * self.dice.randint(0, 2)
        return (front + self.dice.randbytes(MOST_BYTES))[:size]


if __name__ == "__main__":
    main()
