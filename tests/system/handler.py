"""handler.py MODE [ARGUMENT...]: message handlers with one habit each, good or bad, on descriptors
8 (messages come) and 9 (messages go). The server and the client take messages as they are, so the
frames here hold no stream."""

import os
import select
import sys
import time

FROM_PEER, TO_PEER = 8, 9


def frame(size, fill=b"x"):
    """One message of `size` bytes, a multiple of 16, behind its length byte."""
    return bytes([size // 16]) + fill * size


def send(data):
    while data:
        try:
            data = data[os.write(TO_PEER, data):]
        except BlockingIOError:
            select.select([], [TO_PEER], [])


def receive(seconds=20.0):
    """What has come: b"" at the end of file, None where nothing came in time."""
    if not select.select([FROM_PEER], [], [], seconds)[0]:
        return None
    return os.read(FROM_PEER, 65536)


def note(path, text):
    """Appends a line, which other processes see at once."""
    with open(path, "a", encoding="ascii") as file:
        file.write(text + "\n")


def echo(path=None):
    """Sends back what comes, until the connection ends."""
    if path:
        note(path, "started")
    while data := receive(60.0):
        send(data)
    if path:
        note(path, "ended")


def never_read(path):
    note(path, "started")
    time.sleep(60)


def half_frame():
    """Answers, and leaves in the middle of the next frame."""
    receive()
    send(frame(16) + frame(640)[:100])


def deaf(seconds):
    """Closes descriptor 8 alone and speaks on for a while."""
    receive()
    os.close(FROM_PEER)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        send(frame(16))
        time.sleep(0.05)


def bad_length(byte, path):
    """Answers, then sends a length byte that is none; notes the end of file that must follow."""
    receive()
    send(frame(16))
    os.write(TO_PEER, bytes([int(byte)]) + bytes(1000))
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if receive(1.0) == b"":
            note(path, "ended")
            return
    note(path, "lives")


def ignore_term(path):
    """Ignores every polite request to leave."""
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(path, f"started {os.getpid()}")
    while True:
        time.sleep(1)


def say(count, size, seconds, status="0"):
    """Client: sends `count` messages, a first one alone, reads for `seconds`, prints how many bytes
    came and whether the connection ended meanwhile."""
    send(frame(16))
    first = receive(2.0) or b""
    for _ in range(int(count) - 1):
        send(frame(int(size)))
        time.sleep(0.0005)
    total, ended = len(first), False
    end = time.monotonic() + float(seconds)
    while not ended and (left := end - time.monotonic()) > 0:
        data = receive(left)
        ended = data == b""
        total += len(data or b"")
    print(total, "ended" if ended else "lives", flush=True)
    sys.exit(int(status))


def too_long_first():
    """Client: a first message above 640 bytes; prints whether the connection ended."""
    send(frame(656))
    print("ended" if receive(10.0) == b"" else "lives", flush=True)


def hold():
    """Client: connects and stays, echoing."""
    send(frame(16))
    echo()


def main():
    habits = {function.__name__: function for function in (
        echo, never_read, half_frame, deaf, bad_length, ignore_term, say, too_long_first, hold)}
    habits[sys.argv[1]](*sys.argv[2:])


main()
