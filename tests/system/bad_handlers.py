"""Handlers of a server that break their contract or strain it: their own connection suffers, the
others and the server do not."""

import re
import shlex

from footprint import memory_kib, wait_for_children, wait_for_quiet
from suite import HABIT, Case, main, wait_until


def habit(*words):
    """A handler, as a command of a shell."""
    return "exec " + shlex.join([*HABIT, *map(str, words)])


def told(log, pattern):
    """The number in a line of the log, once it is there."""
    line = wait_until(lambda: re.search(pattern, log()), 10, f"{pattern} is told: {log()}")
    return int(line[1])


class Reading(Case):
    """Handlers that do not read."""

    def test_handlers_that_never_read_cost_no_memory_and_stall_nobody(self):
        path = self.file("asleep")
        server = self.serve("sh", "-c", f'[ $CURVECPCONNID -gt 4 ] && {habit("echo")}; '
                            + habit("never_read", path))
        before = memory_kib(server.pid)
        for _ in range(4):
            self.hold(server, *HABIT, "flood", 4000, 640)
        wait_until(lambda: len(self.lines_of(path)) == 4, 10, "four that do not read")
        asked = self.connect(server, *HABIT, "questions", 40)
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertLess(float(asked.stdout), 2, "the longest wait for an answer")
        # 10 MB were sent to them. The server's own buffers for a batch are far smaller.
        self.assertLess(memory_kib(server.pid) - before, 1024, "KiB that the server grew by")

    def test_a_handler_that_reads_late_gets_what_its_pipe_held_and_all_later_messages(self):
        go, late, path = self.file("go"), self.file("late"), self.file("resumed")
        server = self.serve(*HABIT, "resume", go, path, options=("-v",))
        client = self.hold(server, *HABIT, "flood", 3000, 640, late)
        wait_until(lambda: self.lines_of(path) == ["asleep"], 5, "the handler stops reading")
        wait_for_quiet(server.pid)
        go.touch()
        held, *how = wait_until(lambda: self.lines_of(path)[1:], 10, "it reads again")[0].split()
        self.assertGreater(int(held), 48, "messages: a pipe holds at least 64 KiB")
        self.assertEqual(how, ["oldest", "intact"])
        late.touch()
        out, err = client.communicate(timeout=20)
        self.assertEqual(client.returncode, 0, err)
        self.assertLess(float(out), 5, "seconds until the connection works again")
        total = int(self.lines_of(path)[2].split()[1])
        came = told(lambda: server.log, r"(\d+) bytes in") // 640
        dropped = told(lambda: server.log, r"(\d+) messages dropped")
        self.assertGreater(dropped, 0)
        self.assertEqual(came, total + dropped, "each message was delivered or counted")


class Writing(Case):
    """Handlers that write what is none, or in a strange way."""

    def test_messages_written_byte_by_byte_arrive_whole(self):
        sizes = (16, 64, 1088, 16, 640)
        server = self.serve(*HABIT, "byte_by_byte", ",".join(map(str, sizes)))
        client = self.connect(server, *HABIT, "listen", len(sizes), 10)
        self.assertEqual(client.stdout.split(),
                         [f"{number}:{size}" for number, size in enumerate(sizes, 1)])

    def test_a_bad_length_byte_ends_the_connection_after_the_good_messages_before_it(self):
        for byte in ("00", "45", "ff"):  # 45 is 69, the first that is too long
            with self.subTest(byte):
                good = "01" + "07" * 16
                server = self.serve(*HABIT, "write", good * 3 + byte + good * 3, options=("-v",))
                client = self.connect(server, *HABIT, "listen", 10, 0.5)
                number = int("07" * 8, 16)
                self.assertEqual(client.stdout.split(), [f"{number}:16"] * 3)
                wait_for_children(server)
                self.assertRegex(server.log, "bad length byte")

    def test_noise_ends_its_connection_and_no_other(self):
        server = self.serve("sh", "-c", f'[ $CURVECPCONNID = 1 ] && {habit("echo")}; '
                            'exec "$@" garbage $CURVECPCONNID 300000', "sh", *HABIT)
        other = self.hold(server, *HABIT, "questions", 300)
        wait_until(server.handlers, 5, "the connection that must not suffer")
        for _ in range(10):
            self.connect(server, *HABIT, "listen", 1000, 0.2)
        wait_for_children(server, 1)
        out, err = other.communicate(timeout=20)
        self.assertEqual(other.returncode, 0, err)
        self.assertLess(float(out), 2)

    def test_noise_in_messages_does_not_crash_the_stream_handler_of_the_client(self):
        server = self.serve("sh", "-c", 'exec "$@" noise_in_messages $CURVECPCONNID 3000', "sh",
                            *HABIT)
        program = ("sh", "-c", "echo hello >&7; exec 7>&-; exec cat <&6 >&2")
        clients = [self.hold(server, "curvecpmessage", mode, "--timeout", "1", *program)
                   for mode in ("-c", "-C")]
        for client in clients:
            client.communicate(timeout=30)
            self.assertIn(client.returncode, (0, 111), "an end, and no crash")


if __name__ == "__main__":
    main()
