"""Handlers of a server that fail, each in another way, and programs that cannot be started: the
server's only slot is free again at once, and nothing is left of them."""

import re
import shlex
import signal
import time

from footprint import Footprint, wait_for_children
from suite import HABIT, Case, main, wait_until


def habit(*words):
    """A handler, as a command of a shell."""
    return "exec " + shlex.join([*HABIT, *map(str, words)])


class Ending(Case):
    """However a handler fails, the server's only slot is free again at once."""

    def assert_slot_is_freed(self, script, log="", stays=0):
        """A first handler runs the script, a second one must serve."""
        server = self.serve("sh", "-c", f'[ $CURVECPCONNID = 1 ] || {habit("echo")}; {script}',
                            options=("-v", "-c", "1"))
        self.connect(server, *HABIT, "listen", 2, 0.2)
        asked = self.connect(server, *HABIT, "questions", 2)
        self.assertEqual((asked.returncode, asked.stderr), (0, ""))
        wait_for_children(server, stays + 1)
        self.assertRegex(server.log, f"connection 1: {log}")
        self.assertEqual(len(re.findall("connection 1: end", server.log)), 1)

    def test_it_exits_at_once(self):
        self.assert_slot_is_freed("exit 0")
        for status in (1, 100, 255):
            self.assert_slot_is_freed(f"exit {status}", log=f"handler exited with {status}\n")

    def test_it_exits_after_a_while(self):
        self.assert_slot_is_freed("sleep 0.2; exit 7", log="handler exited with 7\n")

    def test_it_is_killed(self):
        for number in map(int, (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)):
            self.assert_slot_is_freed(f"kill -{number} $$",
                                      log=f"handler killed by signal {number}\n")

    def test_it_is_killed_in_the_middle_of_a_message(self):
        self.assert_slot_is_freed(habit("torn_and", 9), log="handler killed by signal 9\n")

    def test_it_writes_what_is_no_message(self):
        bad = "end, the handler wrote a bad length byte"
        for what in ("00", "45"):
            self.assert_slot_is_freed(habit("write", what), log=bad)
        self.assert_slot_is_freed(habit("garbage", 1, 10**6), log=bad)

    def test_it_closes_9_or_both_and_never_exits(self):
        for descriptors in ("9", "8,9", "9,8"):
            self.assert_slot_is_freed(habit("close_and_stay", descriptors, 60),
                                      log="end, the handler ended it", stays=1)

    def test_it_writes_what_is_no_message_and_never_exits(self):
        self.assert_slot_is_freed(habit("stubborn", self.file("stubborn"), "00"),
                                  log="end, the handler wrote a bad length byte", stays=1)

    def test_handlers_that_never_exit_are_killed_when_the_server_stops(self):
        path = self.file("stubborn")
        server = self.serve(*HABIT, "stubborn", path, "00")
        for _ in range(10):
            self.connect(server, *HABIT, "listen", 1, 1)
        wait_for_children(server, 10)
        started = time.monotonic()
        server.process.terminate()
        server.process.wait(timeout=10)
        # 1.2 s is the promise; the rest is for a busy machine.
        self.assertLess(time.monotonic() - started, 1.6)
        left = [pid for pid in map(int, self.lines_of(path)) if self.is_running(pid)]
        self.assertEqual(left, [])

    @staticmethod
    def is_running(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                return stat.read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def test_a_server_remembers_nothing_of_handlers_that_are_gone(self):
        """Such a one would have no reason to wait when it stops."""
        server = self.serve("sh", "-c", "exit 3")
        for _ in range(5):
            self.connect(server, *HABIT, "listen", 1, 0.1)
        wait_for_children(server)
        started = time.monotonic()
        server.process.terminate()
        server.process.wait(timeout=10)
        self.assertLess(time.monotonic() - started, 0.8)


class Starting(Case):
    """A program that could be executed when the server started, and cannot be now."""

    def setUp(self):
        super().setUp()
        self.program = self.file("handler", "#!/bin/sh\n" + habit("echo") + "\n")
        self.program.chmod(0o755)
        self.server = self.serve(self.program, options=("-c", "1"))
        asked = self.connect(self.server, *HABIT, "questions", 1)
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.server.end_handlers()

    def assert_survives(self, spoil, mend, reason):
        """The client that asked in vain is served when the program is back: its cookie is good."""
        before = Footprint(self.server)
        spoil()
        client = self.hold(self.server, *HABIT, "questions", 1)
        wait_until(lambda: self.server.log, 5, "it is told")
        self.assert_one_line(self.server.log, "curvecpserver: error", str(self.program), reason)
        time.sleep(0.7)  # the client repeats its Initiate five times a second
        self.assert_one_line(self.server.log, reason)
        self.assertEqual(Footprint(self.server).descriptors, before.descriptors)
        mend()
        out, err = client.communicate(timeout=20)
        self.assertEqual((client.returncode, err), (0, ""))

    def test_it_is_not_executable(self):
        self.assert_survives(lambda: self.program.chmod(0o644), lambda: self.program.chmod(0o755),
                             "permission denied")

    def test_it_is_gone(self):
        away = self.file("away")
        self.assert_survives(lambda: self.program.rename(away), lambda: away.rename(self.program),
                             "no such file")

    def test_it_is_no_program(self):
        text = self.program.read_text()
        self.assert_survives(lambda: self.program.write_bytes(b"\0nothing"),
                             lambda: self.program.write_text(text), "exec format error")

    def test_it_is_a_directory(self):
        away = self.file("away")

        def spoil():
            self.program.rename(away)
            self.program.mkdir()

        def mend():
            self.program.rmdir()
            away.rename(self.program)
        self.assert_survives(spoil, mend, "permission denied|directory")

    def test_its_interpreter_is_gone(self):
        text = self.program.read_text()
        self.assert_survives(lambda: self.program.write_text("#!/no/such/interpreter\n"),
                             lambda: self.program.write_text(text), "no such file")


if __name__ == "__main__":
    main()
