"""A client whose handler breaks its contract or strains it: one clear line, the right exit code,
no process left, and nothing that the server would suffer from."""

import os
import re
import shlex
import signal
import time

from footprint import memory_kib, wait_for_quiet
from suite import HABIT, Case, children, cpu_seconds, descendants, main, wait_until

ECHO = (*HABIT, "echo")


class ClientCase(Case):
    def setUp(self):
        super().setUp()
        self.servers = set()

    def serve(self, *handler, **how):
        server = super().serve(*handler, **how)
        self.servers.add(server.pid)
        return server

    def assert_nothing_is_left(self):
        """Of the clients; orphans are ours, because we adopt them."""
        def left():
            servers = self.servers.union(*map(descendants, self.servers))
            return set(descendants(os.getpid())) - servers
        wait_until(lambda: not left(), 5, f"no process is left: {left()}")

    def run_one(self, *handler):
        """A client from start to end, at a server that sends everything back."""
        done = self.connect(self.serve(*ECHO), *handler)
        self.assert_nothing_is_left()
        return done


class Reading(ClientCase):
    """Handlers that do not read."""

    def test_a_handler_that_never_reads_costs_no_memory(self):
        path = self.file("asleep")
        server = self.serve(*HABIT, "flood", 10000, 640)
        client = self.hold(server, *HABIT, "never_read", path)
        before = memory_kib(client.pid)
        wait_until(lambda: self.lines_of(path), 5, "the handler stops reading")
        wait_for_quiet(client.pid)
        self.assertLess(memory_kib(client.pid) - before, 1024, "KiB that the client grew by")

    def test_a_handler_that_reads_late_gets_what_its_pipe_held_and_all_later_messages(self):
        go, late, path, out = map(self.file, ("go", "late", "resumed", "out"))
        script = '"$@" flood 3000 640 "$0" >>' + shlex.quote(str(out))
        server = self.serve("sh", "-c", script, late, *HABIT)
        client = self.hold(server, *HABIT, "resume", go, path, options=("-v",))
        wait_until(lambda: self.lines_of(path) == ["asleep"], 5, "the handler stops reading")
        wait_for_quiet(client.pid)
        go.touch()
        held, *how = wait_until(lambda: self.lines_of(path)[1:], 10, "it reads again")[0].split()
        self.assertGreater(int(held), 48, "messages: a pipe holds at least 64 KiB")
        self.assertEqual(how, ["oldest", "intact"])
        late.touch()
        log = client.communicate(timeout=20)[1]
        self.assertLess(float(self.lines_of(out)[0]), 5, "seconds until the connection works")
        total = int(self.lines_of(path)[2].split()[1])
        came = int(re.search(r"(\d+) bytes in", log)[1]) // 640
        dropped = int(re.search(r"(\d+) messages dropped", log)[1])
        self.assertGreater(dropped, 0)
        self.assertEqual(came, total + dropped, "each message was delivered or counted")


class Writing(ClientCase):
    """Handlers that write what is none, or in a strange way."""

    def test_messages_written_byte_by_byte_arrive_whole(self):
        sizes = (16, 64, 640, 16, 640)
        server = self.serve(*HABIT, "listen", len(sizes), 10)
        self.connect(server, *HABIT, "byte_by_byte", ",".join(map(str, sizes)))
        heard = wait_until(lambda: server.log, 10, "the server's handler has heard it")
        self.assertEqual(heard.split(),
                         [f"{number}:{size}" for number, size in enumerate(sizes, 1)])

    def test_a_bad_length_byte_ends_the_connection_after_the_good_messages_before_it(self):
        good = "01" + "07" * 16
        for byte in ("00", "45", "ff"):  # 45 is 69, the first that is too long
            with self.subTest(byte):
                server = self.serve(*HABIT, "listen", 10, 0.5)
                done = self.connect(server, *HABIT, "write", good * 3 + byte + good * 3)
                self.assertEqual(done.returncode, 111)
                self.assert_one_line(done.stderr, "curvecpclient: fatal", "bad length byte")
                heard = wait_until(lambda: server.log, 10, "the server's handler has heard it")
                self.assertEqual(heard.split(), [f"{int('07' * 8, 16)}:16"] * 3)
                self.assert_nothing_is_left()

    def test_noise_ends_the_connection(self):
        for seed in range(3):
            done = self.run_one(*HABIT, "garbage", seed, 300000)
            self.assertEqual(done.returncode, 111)
            self.assert_one_line(done.stderr, "curvecpclient: fatal", "the handler wrote")

    def test_noise_in_messages_does_not_crash_the_stream_handler_of_the_server(self):
        server = self.serve("curvecpmessage", "--timeout", "2", "cat", options=("-v",))
        for seed in range(3):
            self.connect(server, "sh", "-c", 'printf "\\001%16s" x >&9; exec "$@"', "sh", *HABIT,
                         "noise_in_messages", seed, 3000)
        self.assertEqual(self.ask(server), "hello\n")
        self.assertEqual(server.log.count("start"), 4)
        self.assertNotIn("killed by signal", server.log)


class Ending(ClientCase):
    """However the handler ends, the client says so once and leaves with it."""

    def assert_end(self, *handler, code, line=None):
        done = self.run_one(*handler)
        self.assertEqual(done.returncode, code, done.stderr)
        if line is None:
            self.assertEqual(done.stderr, "")
        else:
            self.assert_one_line(done.stderr, "curvecpclient", line)

    def test_its_status_is_the_clients_whenever_it_exits(self):
        for script, status in (("exit", 0), ("exit", 255), ("sleep 0.2; exit", 5),
                               ('printf "\\001%16s" x >&9; exit', 1)):
            self.assert_end("sh", "-c", f"{script} {status}", code=status)

    def test_one_that_is_killed_is_111(self):
        for number in map(int, (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGPIPE)):
            self.assert_end("sh", "-c", f"kill -{number} $$", code=111,
                            line=f"the handler was killed by signal {number}$")
        self.assert_end(*HABIT, "torn_and", 9, code=111, line="killed by signal 9$")

    def test_one_that_closes_9_or_both_is_waited_for(self):
        for descriptors in ("9", "8,9", "9,8"):
            started = time.monotonic()
            self.assert_end(*HABIT, "close_and_stay", descriptors, 0.4, 6, code=6)
            self.assertGreater(time.monotonic() - started, 0.4)

    def test_one_that_closes_8_alone_is_still_heard_and_nothing_spins(self):
        server = self.serve(*HABIT, "listen", 100, 20)
        client = self.hold(server, *HABIT, "deaf_but_talking", 150)
        wait_until(lambda: server.log, 15, "100 messages came")
        self.assertLess(cpu_seconds(client.pid), 0.5)
        self.assertEqual(client.communicate(timeout=10)[1], "")
        self.assertEqual(client.returncode, 0)
        self.assertEqual(server.log.split(), [f"{number}:64" for number in range(100)])

    def test_one_that_breaks_the_contract_and_heeds_nothing_is_ended(self):
        self.assert_end(*HABIT, "stubborn", self.file("stubborn"), "00", code=111,
                        line="bad length byte")

    def test_a_signal_ends_the_client_and_its_handler(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.serve(*ECHO)
            client = self.hold(server, *ECHO)
            wait_until(lambda: children(client.pid), 5, "the handler")
            client.send_signal(number)
            self.assertEqual(client.communicate(timeout=5), ("", ""))
            self.assertEqual(client.returncode, -number)
            self.assert_nothing_is_left()


class Starting(ClientCase):
    """A program that cannot be executed: 111 and one line that names it."""

    def assert_refused(self, program, reason):
        server = self.serve(*ECHO)
        done = self.connect(server, program)
        self.assertEqual(done.returncode, 111)
        self.assert_one_line(done.stderr, "curvecpclient: fatal", re.escape(str(program)), reason)
        self.assert_nothing_is_left()

    def test_a_program_without_an_interpreter_or_a_form(self):
        for name, text, reason in (("orphan", "#!/no/such/interpreter\n", "no such file"),
                                   ("text", "\0nothing", "exec format error")):
            program = self.file(name, text)
            program.chmod(0o755)
            self.assert_refused(program, reason)

    def test_a_program_that_is_none(self):
        self.assert_refused(self.file("plain", "exit 0\n"), "permission denied")
        self.assert_refused(self.temporary, "directory")
        self.assert_refused(self.file("missing"), "no such file|not found")

    def test_a_program_that_goes_before_the_server_answers(self):
        """It was there when the client started; no client waits for what will never be."""
        program = self.file("handler", "#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
        server = self.serve(*ECHO)
        server.process.send_signal(signal.SIGSTOP)
        client = self.hold(server, program, options=("-vv",))
        wait_until(lambda: "Hello" in client.stderr.readline(), 5, "the client asks")
        program.unlink()
        server.process.send_signal(signal.SIGCONT)
        self.assertEqual(client.wait(timeout=10), 111)
        self.assert_one_line(re.sub(".*Hello.*\n", "", client.stderr.read()),
                             "curvecpclient: fatal", str(program), "no such file")


if __name__ == "__main__":
    main()
