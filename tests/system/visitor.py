"""A handmade client with a socket of its own, or one that it shares, at a server whose handlers echo."""

import os

from endpoint import Endpoint
from forged_client import ForgedClient
from suite import EXTENSION


def token():
    """A message like no other."""
    return os.urandom(16)


class Visitor(ForgedClient):
    def __init__(self, case, server, long_term=None, endpoint=None):
        super().__init__(bytes.fromhex(server.key), bytes.fromhex(EXTENSION), server.name,
                         long_term)
        self.endpoint = endpoint or Endpoint(case, (server.ip, server.port))

    def greet(self):
        """Has a Cookie afterwards."""
        self.endpoint.send(self.hello())
        self.accept_cookie(self.endpoint.receive_until(self.open_cookie)[1])
        return self

    def enter(self):
        """Is connected afterwards. Keeps the Initiate."""
        said = token()
        self.entrance = self.initiate(self.introduction(said))
        self.endpoint.send(self.entrance)
        self.await_echo(said)
        return self

    def await_echo(self, said, seconds=10.0):
        """Returns the messages that came before it."""
        before, _ = self.endpoint.receive_until(lambda packet: self.open_message(packet) == said,
                                                seconds)
        return [self.open_message(packet) for packet in before]

    def echo(self):
        """A message there and back; returns the messages that came meanwhile."""
        said = token()
        self.endpoint.send(self.message(said))
        return self.await_echo(said)
