#!/usr/bin/env python3
"""handler.py echo | ask TEXT: a message handler, to be started by curvecpserver (echo: sends every
message back) or by curvecpclient (ask: sends the text until an answer comes, and prints that)."""

import os
import select
import signal
import sys
import time

FROM_PEER, TO_PEER = 8, 9
UNIT, LONGEST_FIRST = 16, 640
REPEAT, TRIES, SILENCE = 0.5, 40, 60.0  # seconds, and how often

USAGE, TROUBLE = 100, 111

incoming = bytearray()


def fail(what, status=TROUBLE):
    print(f"handler.py: {what}", file=sys.stderr)
    sys.exit(status)


def cut_message():
    """The first whole message of what has come, None where there is none."""
    size = incoming[0] * UNIT if incoming else 0
    if not incoming or len(incoming) < 1 + size:
        return None
    message = bytes(incoming[1:1 + size])
    del incoming[:1 + size]
    return message


def receive(seconds):
    """The next message, None where none comes in time."""
    deadline = time.monotonic() + seconds
    while (message := cut_message()) is None:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([FROM_PEER], [], [], left)[0]:
            return None
        data = os.read(FROM_PEER, 65536)
        if not data:
            sys.exit()  # the connection has ended
        incoming.extend(data)
    return message


def send(message):
    """So small a write is taken whole or not at all; a message that finds no room is lost, as any
    may be on its way."""
    try:
        os.write(TO_PEER, bytes([len(message) // UNIT]) + message)
    except BlockingIOError:
        pass


def echo():
    """Nobody says that a client has gone: its silence does."""
    while message := receive(SILENCE):
        send(message)


def ask(text):
    content = text.encode()
    message = content.ljust(max(1, -(-len(content) // UNIT)) * UNIT, b"\0")
    if len(message) > LONGEST_FIRST:
        fail("that is too long for a first message", USAGE)
    for _ in range(TRIES):
        send(message)
        if answer := receive(REPEAT):
            print(answer.rstrip(b"\0").decode(errors="replace"))
            return
    fail("no answer")


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the end of a connection ends its handler
    match sys.argv[1:]:
        case ["echo"]:
            echo()
        case ["ask", text]:
            ask(text)
        case _:
            fail("the arguments are: echo, or: ask TEXT", USAGE)


if __name__ == "__main__":
    main()
