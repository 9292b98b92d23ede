"""bad_habits.py HABIT [ARGUMENT...]: message handlers that break the contract of descriptors 8 and
9, or strain it, and the peers that look at what comes of it. Their messages carry numbers, so that
a lost, torn or repeated one is seen."""

import fcntl
import itertools
import os
import random
import select
import signal
import sys
import time

FROM_PEER, TO_PEER = 8, 9
BYE = 1 << 40  # the number of a last message
QUESTIONS = itertools.count(BYE + 1)


def numbered(number, size=64):
    """A message that says its number all over, behind its length byte."""
    return bytes([size // 16]) + number.to_bytes(8, "little") * (size // 8)


def number_of(message):
    """The number of a message; None where it is not whole."""
    return int.from_bytes(message[:8], "little") if message == message[:8] * (len(message) // 8) \
        else None


class Frames:
    """What comes from the peer, cut into messages."""

    def __init__(self):
        self.data, self.total, self.ended = b"", 0, False

    def next(self, seconds):
        """The next message; None where none comes in time, or ever again."""
        while len(self.data) < (size := 1 + 16 * self.data[0] if self.data else 1):
            if self.ended or not select.select([FROM_PEER], [], [], seconds)[0]:
                return None
            read = os.read(FROM_PEER, 65536)
            self.data += read
            self.ended = not read
        message, self.data = self.data[1:size], self.data[size:]
        self.total += 1
        return message


def send(data):
    while data:
        try:
            data = data[os.write(TO_PEER, data):]
        except BlockingIOError:
            select.select([], [TO_PEER], [])


def note(path, text):
    with open(path, "a", encoding="ascii") as file:
        file.write(text + "\n")


def echo(frames=None):
    frames = frames or Frames()
    while (message := frames.next(60.0)) is not None:
        send(bytes([len(message) // 16]) + message)


def drain(frames):
    """What a pipe that nobody read holds: how many whole messages, and whether they are the oldest
    of those that were written, in their order, for as long as the pipe took every one."""
    numbers = []
    while (message := frames.next(0.3)) is not None:
        numbers.append(number_of(message))
    oldest = numbers[:40] == list(range(1, 41))
    intact = None not in numbers and numbers == sorted(set(numbers))
    return f"{len(numbers)} {'oldest' if oldest else 'others'} {'intact' if intact else 'torn'}"


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.02)


# Of the server's or the client's handler.

def resume(go, path):
    """Answers once, reads nothing until the file `go` is there, then works until the goodbye."""
    frames = Frames()
    send(numbered(0, 640))
    frames.next(20.0)
    note(path, "asleep")
    wait_for(go)
    note(path, drain(frames))
    while (message := frames.next(20.0)) is not None and number_of(message) != BYE:
        send(bytes([len(message) // 16]) + message)
    note(path, f"total {frames.total}")


def never_read(path):
    """Answers once and reads no more."""
    frames = Frames()
    send(numbered(0, 640))
    frames.next(20.0)
    note(path, "asleep")
    time.sleep(60)


def until_large(path):
    """Answers once, reads no more, and leaves when its pipe has been enlarged."""
    send(numbered(0, 640))
    until = time.monotonic() + 2.0
    size_of_pipe = lambda: fcntl.fcntl(FROM_PEER, fcntl.F_GETPIPE_SZ)
    while size_of_pipe() <= 65536 and time.monotonic() < until:
        time.sleep(0.01)
    note(path, str(size_of_pipe()))


def byte_by_byte(sizes):
    """Writes numbered messages one byte at a time, after the peer's first or where that is
    silent."""
    Frames().next(0.3)
    for number, size in enumerate(sizes.split(","), 1):
        for byte in numbered(number, int(size)):
            send(bytes([byte]))
            time.sleep(0.0002)


def write(*parts):
    """Writes bytes, in hex, after the peer's first message or where the peer is silent; leaves at
    the end of its input."""
    frames = Frames()
    frames.next(0.3)
    for part in parts:
        send(bytes.fromhex(part))
    while not frames.ended:
        frames.next(60.0)


def garbage(seed, size):
    """Noise, whatever the length bytes in it say."""
    Frames().next(0.3)
    try:
        send(random.Random(int(seed)).randbytes(int(size)))
    except BrokenPipeError:
        sys.exit(9)  # its connection has ended already


def noise_in_messages(seed, count):
    """Noise in good frames, as nobody's handler would write it."""
    dice = random.Random(int(seed))
    Frames().next(0.3)
    for _ in range(int(count)):
        units = dice.randint(1, 68)
        send(bytes([units]) + dice.randbytes(16 * units))


def torn_and(signal_number):
    """Dies in the middle of a message."""
    Frames().next(0.3)
    send(numbered(1, 640)[:100])
    os.kill(os.getpid(), int(signal_number))


def close_and_stay(descriptors, seconds, status="0"):
    """Closes 8, 9 or both after the first message, and stays for a while."""
    frames = Frames()
    send(numbered(0))
    frames.next(2.0)
    for descriptor in descriptors.split(","):
        os.close(int(descriptor))
    time.sleep(float(seconds))
    sys.exit(int(status))


def deaf_but_talking(count):
    """Closes 8, and goes on sending."""
    frames = Frames()
    send(numbered(0))
    frames.next(2.0)
    os.close(FROM_PEER)
    for number in range(1, int(count) + 1):
        send(numbered(number))
        time.sleep(0.01)


def stubborn(path, *parts):
    """Writes bytes, in hex, and heeds neither the end of its input nor SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    send(numbered(0))
    for part in parts:
        send(bytes.fromhex(part))
    note(path, str(os.getpid()))
    while True:
        time.sleep(1)


# Of a peer that looks.

def flood(count, size, go=None):
    """Sends numbered messages when the peer has answered, then goes on being polite: `ask` and a
    goodbye, once the file `go` is there."""
    frames = Frames()
    send(numbered(0, 640))
    if frames.next(10.0) is None:
        sys.exit("the peer does not answer")
    for number in range(1, int(count) + 1):
        send(numbered(number, int(size)))
    if go is None:
        time.sleep(60)
    wait_for(go)
    print(f"{ask(frames, int(size)):.3f}", flush=True)
    send(numbered(BYE, int(size)))


def ask(frames, size=64, patience=10.0):
    """Repeats a question until it is answered; how long that took."""
    started, question = time.monotonic(), next(QUESTIONS)
    while time.monotonic() < started + patience:
        send(numbered(question, size))
        until = time.monotonic() + 0.2
        while (left := until - time.monotonic()) > 0:
            if (message := frames.next(left)) is None:
                break
            if number_of(message) == question:
                return time.monotonic() - started
        if frames.ended:
            sys.exit("the connection has ended")
    sys.exit("nobody answers")


def questions(count):
    """Asks again and again; prints the longest time that an answer took."""
    frames = Frames()
    print(f"{max(ask(frames) for _ in range(int(count))):.3f}", flush=True)


def listen(count, seconds):
    """Prints the numbers and sizes of the messages that come, and sends them back."""
    frames = Frames()
    send(numbered(0))
    until, heard = time.monotonic() + float(seconds), []
    while len(heard) < int(count) and (left := until - time.monotonic()) > 0:
        if (message := frames.next(left)) is None:
            break
        heard.append(f"{number_of(message)}:{len(message)}")
        send(bytes([len(message) // 16]) + message)
    print(*heard, flush=True)


def main():
    habits = {function.__name__: function for function in (
        echo, resume, never_read, until_large, byte_by_byte, write, garbage, noise_in_messages,
        torn_and, close_and_stay, deaf_but_talking, stubborn, flood, questions, listen)}
    habits[sys.argv[1]](*sys.argv[2:])


main()
