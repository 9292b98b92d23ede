"""A CurveCP client by hand that makes every packet right, or wrong in what the caller chooses."""

import itertools
import os
import secrets

from packet import (CLIENT_MESSAGE, COOKIE, COOKIE_PLAINTEXT, HELLO, INITIATE, INTRODUCTION, MAGIC,
                    SERVER_MESSAGE, counter, server_name)
from sodium import KeyPair, SharedKey


class ForgedClient:
    """Keyword arguments that are fields of a packet stand in it instead of the right ones. `key`
    seals the box in place of the right key, `prefix` is its nonce's, `nonce` a number."""

    def __init__(self, server_key, server_extension, name, long_term=None):
        self.server_key, self.server_extension, self.name = server_key, server_extension, name
        self.long_term = long_term or KeyPair()
        self.short_term = KeyPair()
        self.extension = os.urandom(16)
        self.nonces = itertools.count(secrets.randbelow(2**48))
        self.short_long = SharedKey.of(server_key, self.short_term.secret)
        self.cookie = self.server_short_term = self.short_short = None

    def header(self, kind):
        return {"magic": MAGIC[kind], "server_extension": self.server_extension,
                "client_extension": self.extension, "client_short_term": self.short_term.public}

    def next_nonce(self, nonce=None):
        return counter(next(self.nonces) if nonce is None else nonce)

    def hello(self, *, nonce=None, key=None, plaintext=bytes(64), prefix=b"CurveCP-client-H",
              **fields):
        nonce = self.next_nonce(nonce)
        box = (key or self.short_long).seal(prefix + nonce, plaintext)
        return HELLO.join(**{**self.header("hello"), "zeros": bytes(64), "nonce": nonce,
                             "box": box, **fields})

    def open_cookie(self, packet):
        """S' and K; None where the Cookie is not for this client."""
        plaintext = len(packet) == COOKIE.size and self.short_long.open(
            b"CurveCPK" + COOKIE.get(packet, "nonce"), COOKIE.get(packet, "box"))
        if not plaintext:
            return None
        return tuple(COOKIE_PLAINTEXT.get(plaintext, part)
                     for part in ("server_short_term", "cookie"))

    def accept_cookie(self, packet):
        """Uses what is in a Cookie from here on."""
        self.server_short_term, self.cookie = self.open_cookie(packet)
        self.short_short = SharedKey.of(self.server_short_term, self.short_term.secret)

    def vouch(self, *, short_term=None, key=None, prefix=b"CurveCPV"):
        nonce = os.urandom(16)
        key = key or SharedKey.of(self.server_key, self.long_term.secret)
        return nonce + key.seal(prefix + nonce, short_term or self.short_term.public)

    def introduction(self, message, **fields):
        """The plaintext of an Initiate's box."""
        return INTRODUCTION.join(**{
            "client_long_term": self.long_term.public, "vouch": fields.get("vouch") or self.vouch(),
            "name": server_name(self.name), "message": message, **fields})

    def initiate(self, plaintext, *, nonce=None, key=None, prefix=b"CurveCP-client-I", **fields):
        """Around an introduction."""
        nonce = self.next_nonce(nonce)
        box = (key or self.short_short).seal(prefix + nonce, plaintext)
        return INITIATE.join(**{**self.header("initiate"), "cookie": self.cookie, "nonce": nonce,
                                "box": box, **fields})

    def message(self, plaintext, *, nonce=None, key=None, prefix=b"CurveCP-client-M", **fields):
        nonce = self.next_nonce(nonce)
        box = (key or self.short_short).seal(prefix + nonce, plaintext)
        return CLIENT_MESSAGE.join(**{**self.header("client_message"), "nonce": nonce, "box": box,
                                      **fields})

    def open_message(self, packet):
        """The message of a packet of the server's; None where it is none for this client."""
        right = (SERVER_MESSAGE.get(packet, "magic") == MAGIC["server_message"] and
                 SERVER_MESSAGE.get(packet, "client_extension") == self.extension and
                 SERVER_MESSAGE.get(packet, "server_extension") == self.server_extension)
        return self.short_short.open(
            b"CurveCP-server-M" + SERVER_MESSAGE.get(packet, "nonce"),
            SERVER_MESSAGE.get(packet, "box")) if right else None
