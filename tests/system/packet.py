"""The layouts of the packets, field by field, and ways to spoil them."""

MAGIC = {"hello": b"QvnQ5XlH", "cookie": b"RL3aNMXK", "initiate": b"QvnQ5XlI",
         "client_message": b"QvnQ5XlM", "server_message": b"RL3aNMXM"}
MOST_BYTES = 2000  # the longest datagrams of the tests


class Layout:
    """Fields in their order, each with its size; a last one of size None takes the rest."""

    def __init__(self, **sizes):
        self.sizes = sizes
        self.spans, start = {}, 0
        for name, size in sizes.items():
            self.spans[name] = slice(start, None if size is None else start + size)
            start += size or 0
        self.size = start  # without the rest

    def join(self, **fields):
        """The bytes of all fields; a field may have any bytes, but only so many."""
        assert set(fields) == set(self.sizes), set(fields) ^ set(self.sizes)
        for name, size in self.sizes.items():
            assert size in (None, len(fields[name])), name
        return b"".join(fields[name] for name in self.sizes)

    def get(self, packet, name):
        return packet[self.spans[name]]

    def put(self, packet, **fields):
        """A copy with other bytes in some fields."""
        parts = {name: packet[span] for name, span in self.spans.items()}
        return self.join(**{**parts, **fields})

    def bits(self, name, packet):
        """The numbers of a field's bits within the packet."""
        start, stop, _ = self.spans[name].indices(len(packet))
        return range(8 * start, 8 * stop)


HELLO = Layout(magic=8, server_extension=16, client_extension=16, client_short_term=32, zeros=64,
               nonce=8, box=80)
COOKIE = Layout(magic=8, client_extension=16, server_extension=16, nonce=16, box=144)
COOKIE_PLAINTEXT = Layout(server_short_term=32, cookie=96)
INITIATE = Layout(magic=8, server_extension=16, client_extension=16, client_short_term=32,
                  cookie=96, nonce=8, box=None)
INTRODUCTION = Layout(client_long_term=32, vouch=64, name=256, message=None)
CLIENT_MESSAGE = Layout(magic=8, server_extension=16, client_extension=16, client_short_term=32,
                        nonce=8, box=None)
SERVER_MESSAGE = Layout(magic=8, client_extension=16, server_extension=16, nonce=8, box=None)

# The last bit of a Curve25519 key, which has 255 bits.
LAST_KEY_BIT = 8 * 32 - 1


def flipped(packet, bit):
    spoiled = bytearray(packet)
    spoiled[bit // 8] ^= 1 << bit % 8
    return bytes(spoiled)


def all_flips(layout, field, packet):
    """The packet once for each bit of a field, with that bit changed."""
    return [flipped(packet, bit) for bit in layout.bits(field, packet)]


def all_lengths(packet):
    """The packet's beginning, and the packet with zeros behind it, in every other length."""
    longest = packet + bytes(MOST_BYTES - len(packet))
    return [longest[:size] for size in range(MOST_BYTES + 1) if size != len(packet)]


def server_name(text):
    """256 bytes: labels behind their lengths, then zeros."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label)
    return labels.ljust(256, b"\0")


def counter(nonce):
    return nonce.to_bytes(8, "little")
