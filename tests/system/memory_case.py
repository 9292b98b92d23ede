"""Tests that look for secrets in the memory of the programs, and how they come to know them."""

import base64
import ctypes
import pathlib
import time

from process_memory import open_files, snapshot
from sodium import KEY_SIZE, KeyPair, SharedKey, library
from suite import Case

SOON = 3  # seconds: what was sent last may still be in somebody's hands


def pair_in(directory):
    return KeyPair((directory / ".expertsonly/secretkey").read_bytes())


def secrets_in(directory):
    """All that has to stay secret of a key directory."""
    return {name: (directory / ".expertsonly" / name).read_bytes()
            for name in ("secretkey", "noncekey")}


def shared_secrets(who, public, secret):
    """The key of all boxes between two, and the point that it is made of."""
    point = ctypes.create_string_buffer(KEY_SIZE)
    assert library.crypto_scalarmult(point, secret, public) == 0
    return {f"key {who}": SharedKey.of(public, secret).key, f"point {who}": point.raw}


def in_text(secret):
    """A secret in every form in which it might be printed: at each place of a base64 group too."""
    yield from (secret, secret.hex().encode(), secret.hex().upper().encode())
    for skipped in range(3):
        whole = len(secret[skipped:]) // 3 * 3
        yield base64.b64encode(secret[skipped:][:whole])


class MemoryCase(Case):
    def setUp(self):
        super().setUp()
        self.known = {}  # every secret of this test

    def tearDown(self):
        """No secret was ever told."""
        for path in self.temporary.glob("*.log"):
            told = path.read_bytes()
            for name, secret in self.known.items():
                for text in in_text(secret):
                    self.assertNotIn(text, told, f"{name} in {path.name}")

    def assert_guarded(self, pid, **secrets):
        """They are there, which also proves that the search finds them, and nowhere but where they
        are neither swapped out nor dumped."""
        self.known |= secrets
        now = snapshot(pid)
        for name, secret in secrets.items():
            places = now.places(secret)
            self.assertTrue(places, f"{name} is there")
            self.assertTrue(all(place.is_guarded for place in places), f"{name} in {places}")

    def assert_gone(self, pid, **secrets):
        self.known |= secrets
        left = self.left(pid, secrets)
        deadline = time.monotonic() + SOON
        while left and time.monotonic() < deadline:
            left = self.left(pid, secrets)
        self.assertEqual(left, {})

    @staticmethod
    def left(pid, secrets):
        now = snapshot(pid)
        places = {name: now.places(secret) for name, secret in secrets.items()}
        return {name: where for name, where in places.items() if where}

    def assert_not_shown(self, process):
        """Where others may look: arguments, environment, open files."""
        for place in ("environ", "cmdline"):
            shown = pathlib.Path(f"/proc/{process}/{place}").read_bytes()
            for name, secret in self.known.items():
                for text in in_text(secret):
                    self.assertNotIn(text, shown, f"{name} in {place}")
        files = [file for file in open_files(process) if file.endswith(("secretkey", "noncekey"))]
        self.assertEqual(files, [])
