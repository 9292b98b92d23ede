"""What the server knows is only in guarded memory, and gone when the specification says so: a Hello
leaves nothing, an Initiate the connection's key alone, and a connection's end not even that."""

import os
import pathlib
import signal

from memory_case import MemoryCase, secrets_in, shared_secrets
from process_memory import open_files, snapshot
from sodium import KeyPair, SharedKey
from suite import HANDLER, main, wait_until
from visitor import Visitor

RESIDENT = ("VmLck", "VmSwap")


def status_kib(pid, *fields):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    values = dict(line.split(":") for line in lines)
    return [int(values[field].split()[0]) for field in fields]


class Told(MemoryCase):
    """Telling everything."""

    options = ("-vv",)

    def setUp(self):
        super().setUp()
        self.server = self.serve(*HANDLER, "echo", options=self.options)
        self.directory = self.server_keys[0]
        self.known |= secrets_in(self.directory)

    def visitor(self):
        return Visitor(self, self.server)

    def handshake_secrets(self, visitor):
        """Of a visitor that has its Cookie: what is needed no more once that is sent."""
        return {**shared_secrets("C'S", visitor.server_key, visitor.short_term.secret),
                **shared_secrets("CS", visitor.server_key, visitor.long_term.secret),
                **self.opened_cookie(visitor)}

    def connected(self):
        before = set(self.server.handlers())
        visitor = self.visitor().greet().enter()
        visitor.handler, = set(self.server.handlers()) - before
        return visitor

    def connection_secrets(self, visitor):
        return shared_secrets("C'S'", visitor.server_short_term, visitor.short_term.secret)

    def opened_cookie(self, visitor):
        """s', with the help of the minute key, which the server still has."""
        nonce, box = visitor.cookie[:16], visitor.cookie[16:]
        for key in snapshot(self.server.pid).guarded_keys():
            if contents := SharedKey(key).open(b"minute-k" + nonce, box):
                secret = contents[32:]
                self.assertEqual(KeyPair(secret).public, visitor.server_short_term)
                self.known["minute key"] = key
                return {"s'": secret}
        raise AssertionError("the minute key is in guarded memory")

    def test_long_term_secrets_are_in_guarded_memory_alone(self):
        visitor = self.visitor().greet()  # it binds its port before it reads its keys
        self.assert_guarded(self.server.pid, **secrets_in(self.directory))
        visitor.enter().echo()
        self.assert_guarded(self.server.pid, **secrets_in(self.directory))
        locked, swapped = status_kib(self.server.pid, *RESIDENT)
        self.assertGreaterEqual(locked, 8, "two pages: its own keys, those of connections")
        self.assertEqual(swapped, 0)

    def test_a_hello_leaves_nothing(self):
        visitor = self.visitor().greet()
        self.assert_gone(self.server.pid, **self.handshake_secrets(visitor),
                         **self.connection_secrets(visitor))
        self.assert_guarded(self.server.pid, minute_key=self.known["minute key"])

    def test_an_initiate_leaves_the_connections_key_alone(self):
        visitor = self.visitor().greet()
        handshake = self.handshake_secrets(visitor)
        visitor.enter()
        secrets = self.connection_secrets(visitor)
        self.assert_guarded(self.server.pid, key=secrets.pop("key C'S'"))
        self.assert_gone(self.server.pid, **handshake, **secrets)

    def test_the_end_of_a_connection_leaves_nothing_of_it(self):
        first, second = self.connected(), self.connected()
        for visitor in (first, second):
            for _ in range(50):
                visitor.echo()
            self.assert_guarded(self.server.pid, key=visitor.short_short.key)
        os.kill(first.handler, signal.SIGKILL)
        wait_until(lambda: len(self.server.handlers()) == 1, 5, "the connection has ended")
        self.assert_gone(self.server.pid, **self.connection_secrets(first))
        self.assert_guarded(self.server.pid, key=second.short_short.key)
        self.server.end_handlers()
        self.assert_gone(self.server.pid, **self.connection_secrets(second))

    def test_an_initiate_that_fails_leaves_nothing(self):
        visitor = self.visitor().greet()
        handshake = self.handshake_secrets(visitor)
        for fields in ({"name": bytes(256)}, {"vouch": bytes(64)}):
            visitor.endpoint.send(visitor.initiate(visitor.introduction(bytes(16), **fields)))
        self.visitor().greet()
        self.assertEqual(self.server.handlers(), [])
        self.assert_gone(self.server.pid, **handshake, **self.connection_secrets(visitor))

    def test_a_handler_gets_no_secret(self):
        visitor = self.connected()
        self.known |= self.handshake_secrets(visitor) | self.connection_secrets(visitor)
        self.assert_gone(visitor.handler, **self.known)
        for process in (visitor.handler, self.server.pid):
            self.assert_not_shown(process)
        descriptors = open_files(visitor.handler)
        self.assertFalse([file for file in descriptors if file.startswith("socket")], descriptors)


class Quiet(Told):
    """Other work on the stack between the secrets' and the search."""

    options = ("-q",)


if __name__ == "__main__":
    main()
