"""A CurveCP server by hand, with one client at a time, that makes every packet right, or wrong in
what the caller chooses."""

import itertools
import os
import secrets

from endpoint import Endpoint
from packet import (CLIENT_MESSAGE, COOKIE, COOKIE_PLAINTEXT, HELLO, INITIATE, INTRODUCTION, MAGIC,
                    SERVER_MESSAGE, counter, server_name)
from sodium import KeyPair, SharedKey
from suite import EXTENSION, NAME


class ForgedServer:
    """Keyword arguments that are fields of a packet stand in it instead of the right ones. `key`
    seals the box in place of the right key, `prefix` is its nonce's, `nonce` a number."""

    name, ip, extension = NAME, "127.0.0.1", bytes.fromhex(EXTENSION)

    def __init__(self, case):
        self.long_term, self.short_term = KeyPair(), KeyPair()
        self.sealed_cookie = os.urandom(96)  # its own business: clients cannot look into it
        self.nonces = itertools.count(secrets.randbelow(2**48))
        self.endpoint = Endpoint(case)

    @property
    def key(self):
        return self.long_term.public.hex()

    @property
    def port(self):
        return self.endpoint.address[1]

    def hear_hello(self):
        """Waits for one; from then on its sender is the client."""
        packet = self.endpoint.receive_until(self.is_hello)[1]
        self.client_short_term = HELLO.get(packet, "client_short_term")
        self.client_extension = HELLO.get(packet, "client_extension")
        self.short_long = SharedKey.of(self.client_short_term, self.long_term.secret)
        self.short_short = SharedKey.of(self.client_short_term, self.short_term.secret)
        nonce = b"CurveCP-client-H" + HELLO.get(packet, "nonce")
        assert self.short_long.open(nonce, HELLO.get(packet, "box")) == bytes(64)

    @staticmethod
    def is_hello(packet):
        return packet.startswith(MAGIC["hello"]) and len(packet) == HELLO.size

    def header(self, kind):
        return {"magic": MAGIC[kind], "client_extension": self.client_extension,
                "server_extension": self.extension}

    def cookie(self, *, short_term=None, key=None, prefix=b"CurveCPK", **fields):
        nonce = os.urandom(16)
        plaintext = COOKIE_PLAINTEXT.join(server_short_term=short_term or self.short_term.public,
                                          cookie=self.sealed_cookie)
        return COOKIE.join(**{**self.header("cookie"), "nonce": nonce, **fields,
                              "box": (key or self.short_long).seal(prefix + nonce, plaintext)})

    def open_initiate(self, packet):
        """The message; None where it is no right Initiate of this client."""
        if not packet.startswith(MAGIC["initiate"]):
            return None
        plaintext = self.short_short.open(b"CurveCP-client-I" + INITIATE.get(packet, "nonce"),
                                          INITIATE.get(packet, "box"))
        right = (plaintext and INITIATE.get(packet, "cookie") == self.sealed_cookie and
                 INTRODUCTION.get(plaintext, "name") == server_name(self.name) and
                 self.vouched(plaintext) == self.client_short_term)
        return INTRODUCTION.get(plaintext, "message") if right else None

    def vouched(self, plaintext):
        """The key in the vouch of an introduction."""
        vouch = INTRODUCTION.get(plaintext, "vouch")
        key = SharedKey.of(INTRODUCTION.get(plaintext, "client_long_term"), self.long_term.secret)
        return key.open(b"CurveCPV" + vouch[:16], vouch[16:])

    def message(self, plaintext, *, nonce=None, key=None, prefix=b"CurveCP-server-M", **fields):
        nonce = counter(next(self.nonces) if nonce is None else nonce)
        box = (key or self.short_short).seal(prefix + nonce, plaintext)
        return SERVER_MESSAGE.join(**{**self.header("server_message"), "nonce": nonce, "box": box,
                                      **fields})

    def open_message(self, packet):
        """The message of a packet of the client's; None where it is none."""
        if not packet.startswith(MAGIC["client_message"]):
            return None
        return self.short_short.open(b"CurveCP-client-M" + CLIENT_MESSAGE.get(packet, "nonce"),
                                     CLIENT_MESSAGE.get(packet, "box"))
