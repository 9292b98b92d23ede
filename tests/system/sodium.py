"""libsodium's keys and boxes. Nothing here is the product's: the tests seal and open by themselves."""

import ctypes
import ctypes.util
import os

library = ctypes.CDLL(ctypes.util.find_library("sodium"))
if library.sodium_init() < 0:
    raise ImportError("libsodium does not start")

KEY_SIZE, NONCE_SIZE, BOX_OVERHEAD = 32, 24, 16
PRIME = 2**255 - 19
# The two coordinates of order 8, as everybody lists them.
ORDER_8 = (325606250916557431795983626356110631294008115727848805560023387167927233504,
           39382357235489614581723060781553021112529911719440698176882885853963445705823)
UNUSED_BIT = 2**255  # no part of a coordinate
# Every encoding of a point of low order: what they are multiplied with makes no difference.
LOW_ORDER_POINTS = [
    (coordinate | top).to_bytes(KEY_SIZE, "little")
    for coordinate in (0, 1, *ORDER_8, PRIME - 1, PRIME, PRIME + 1) for top in (0, UNUSED_BIT)]


class KeyPair:
    def __init__(self, secret=None):
        self.secret = secret or os.urandom(KEY_SIZE)
        public = ctypes.create_string_buffer(KEY_SIZE)
        library.crypto_scalarmult_base(public, self.secret)
        self.public = public.raw


class SharedKey:
    """What two sides of a box have in common; the same for either."""

    def __init__(self, key):
        self.key = key

    @classmethod
    def of(cls, public, secret):
        key = ctypes.create_string_buffer(KEY_SIZE)
        if library.crypto_box_beforenm(key, public, secret) != 0:
            raise ValueError(f"{public.hex()} is a point of low order")
        return cls(key.raw)

    def seal(self, nonce, plaintext):
        assert len(nonce) == NONCE_SIZE
        box = ctypes.create_string_buffer(BOX_OVERHEAD + len(plaintext))
        library.crypto_box_easy_afternm(box, plaintext, ctypes.c_ulonglong(len(plaintext)), nonce,
                                        self.key)
        return box.raw

    def open(self, nonce, box):
        """The plaintext; None where the box does not open."""
        if len(box) < BOX_OVERHEAD:
            return None
        plaintext = ctypes.create_string_buffer(len(box))
        failed = library.crypto_box_open_easy_afternm(
            plaintext, box, ctypes.c_ulonglong(len(box)), nonce, self.key)
        return None if failed else plaintext.raw[:len(box) - BOX_OVERHEAD]


def guessed_keys():
    """What somebody computes, or just has in memory, who multiplies with a point of low order and
    does not look at the result."""
    zeros = bytes(KEY_SIZE)
    key = ctypes.create_string_buffer(KEY_SIZE)
    library.crypto_core_hsalsa20(key, bytes(16), zeros, None)
    return SharedKey(key.raw), SharedKey(zeros)
