"""What the client knows is only in guarded memory, and gone when the specification says so: its
secret keys with the Cookie, who it is and whom it wants with the server's first Message, and the
connection's key with the connection."""

import subprocess
import sys

from forged_server import ForgedServer
from memory_case import MemoryCase, pair_in, secrets_in, shared_secrets
from packet import INITIATE, INTRODUCTION, server_name
from process_memory import snapshot
from sodium import KeyPair
from suite import children, main, wait_until

# Says one thing, then only listens, and notes what it hears. At the end of descriptor 8 it stays.
LISTENER = (sys.executable, "-I", "-c", """
import os, select, sys, time
os.write(9, b"\\1" + bytes(16))
if sys.argv[2] == "leaves":
    os.close(9)
while select.select([8], [], []) and (heard := os.read(8, 65536)):
    open(sys.argv[1], "ab").write(heard)
open(sys.argv[1] + " ended", "w")
time.sleep(60)
""")


class Told(MemoryCase):
    """Telling everything."""

    options = ("-vv",)

    def setUp(self):
        super().setUp()
        self.server = ForgedServer(self)
        self.heard = self.file("heard")

    def start(self, *options, habit="stays"):
        with self.file("client.log").open("wb") as log:
            self.client = subprocess.Popen(
                self.client_command(self.server, *LISTENER, self.heard, habit,
                                    options=(*self.options, *options)),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(self.end_held, self.client)
        self.pid = self.client.pid
        self.server.hear_hello()

    def start_with_keys(self, **how):
        directory = self.client_keys[0]
        self.start("-c", directory, **how)
        self.long_term = pair_in(directory)
        self.long_term_secrets = secrets_in(directory)

    def own_secret(self, public):
        """A secret key, found by the public one."""
        for key in snapshot(self.pid).guarded_keys():
            if any(key) and KeyPair(key).public == public:
                return key
        raise AssertionError("the secret key is in guarded memory")

    def client_long(self):
        return shared_secrets("CS", self.long_term.public, self.server.long_term.secret)

    def client_short(self):
        return shared_secrets("C'S", self.server.client_short_term, self.server.long_term.secret)

    def connection_secrets(self):
        return shared_secrets("C'S'", self.server.client_short_term,
                              self.server.short_term.secret)

    def answer(self):
        """Sends the Cookie; returns what is in the Initiate's box."""
        self.server.endpoint.send(self.server.cookie())
        initiate = self.server.endpoint.receive_until(self.server.open_initiate)[1]
        return self.server.short_short.open(
            b"CurveCP-client-I" + INITIATE.get(initiate, "nonce"), INITIATE.get(initiate, "box"))

    def hear(self):
        """The server's first Message has come."""
        self.server.endpoint.send(self.server.message(bytes(16)))
        wait_until(self.heard.exists, 5, "the handler has heard it")

    def test_before_the_cookie_its_secrets_are_in_guarded_memory_alone(self):
        self.start_with_keys()
        short = {"c'": self.own_secret(self.server.client_short_term)}
        shared = self.client_short()
        self.assert_guarded(self.pid, **self.long_term_secrets, **short,
                            key=shared.pop("key C'S"))
        self.assert_gone(self.pid, **shared, **self.client_long())

    def test_with_the_cookie_go_all_secret_keys_but_the_connections(self):
        self.start_with_keys()
        short = {"c'": self.own_secret(self.server.client_short_term)}
        self.answer()
        connection = self.connection_secrets()
        self.assert_guarded(self.pid, key=connection.pop("key C'S'"))
        self.assert_gone(self.pid, **self.long_term_secrets, **short, **self.client_long(),
                         **self.client_short(), **connection)

    def test_a_key_that_was_made_up_goes_like_any_other(self):
        self.start()
        # It is not told which it is before the Initiate.
        before = list(snapshot(self.pid).guarded_keys())
        public = INTRODUCTION.get(self.answer(), "client_long_term")
        secret = next(key for key in before if any(key) and KeyPair(key).public == public)
        self.assert_gone(self.pid, c=secret)
        self.hear()
        self.assert_gone(self.pid, c=secret, C=public)

    def test_with_the_first_message_goes_who_talks_to_whom(self):
        self.start_with_keys()
        vouch = INTRODUCTION.get(self.answer(), "vouch")
        about = {"C": self.long_term.public, "V": vouch, "K": self.server.sealed_cookie,
                 "N": server_name(self.server.name)[:8]}  # as text it is an argument
        self.assertEqual(set(self.left(self.pid, about)), set(about), "the search finds them")
        self.hear()
        self.assert_gone(self.pid, **about)
        self.assert_guarded(self.pid, key=self.connection_secrets()["key C'S'"])

    def test_with_the_connection_goes_its_key_though_the_handler_stays(self):
        self.start_with_keys(habit="leaves")
        self.answer()
        wait_until((self.temporary / "heard ended").exists, 5, "the connection has ended")
        self.assertIsNone(self.client.poll())
        self.assert_gone(self.pid, **self.connection_secrets(), **self.long_term_secrets)

    def test_a_handler_gets_no_secret(self):
        self.start_with_keys()
        short = {"c'": self.own_secret(self.server.client_short_term)}
        self.answer()
        self.hear()
        handler, = children(self.pid)
        self.assert_gone(handler, **short, **self.long_term_secrets, **self.client_long(),
                         **self.client_short(), **self.connection_secrets())
        for process in (handler, self.pid):
            self.assert_not_shown(process)


class Quiet(Told):
    """Other work on the stack between the secrets' and the search."""

    options = ("-q",)


if __name__ == "__main__":
    main()
