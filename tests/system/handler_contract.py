"""What a message handler finds when it is started, and that nothing it does harms anybody else:
PROTOCOL's descriptors 8 and 9, on both sides."""

import os
import pathlib
import re
import signal
import time

from suite import (EXTENSION, HANDLER, NAME, Case, children, cpu_seconds, main, open_descriptors,
                   wait_until)

OURS = ("PROTO", "CURVECPLOCALIP", "CURVECPLOCALPORT", "CURVECPREMOTEIP", "CURVECPREMOTEPORT",
        "CURVECPREMOTEPK", "CURVECPLOCALEXTENSION", "CURVECPREMOTEEXTENSION", "CURVECPSERVERNAME",
        "CURVECPCONNID")
FOREIGN = ("NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")

IDLE = ("sleep", "30")


def spoilt_environment():
    return {**os.environ, **{name: "inherited" for name in OURS + FOREIGN}, "KEPT": "yes"}


class Process:
    """What the kernel says of a process that has just been started."""

    def __init__(self, pid):
        self.proc = pathlib.Path(f"/proc/{pid}")

    def environment(self):
        lines = (self.proc / "environ").read_text().split("\0")[:-1]
        pairs = [line.partition("=") for line in lines]
        assert len({name for name, _, _ in pairs}) == len(pairs), f"a name twice: {lines}"
        return {name: value for name, _, value in pairs}

    def descriptors(self):
        return sorted(int(entry.name) for entry in (self.proc / "fd").iterdir())

    def kind(self, descriptor):
        return os.readlink(self.proc / "fd" / str(descriptor)).partition(":")[0]

    def is_blocking(self, descriptor):
        flags = re.search(r"flags:\s*(\d+)", (self.proc / "fdinfo" / str(descriptor)).read_text())[1]
        return not int(flags, 8) & os.O_NONBLOCK

    def signals(self, which):
        return int(re.search(rf"Sig{which}:\s*(\w+)", (self.proc / "status").read_text())[1], 16)

    def directory(self):
        return os.readlink(self.proc / "cwd")


class Start(Case):
    """What a new process finds. It sleeps, so that it can be looked at."""

    def started(self, parent):
        """The child of a process, once it is the program that was asked for."""
        def sleeper():
            for child in children(parent):
                if pathlib.Path(f"/proc/{child}/comm").read_text() == "sleep\n":
                    return child
            return None
        return Process(wait_until(sleeper, 10, "the program is started"))

    def server_handler(self, ip="127.0.0.1"):
        server = self.serve(*IDLE, ip=ip, directory=self.temporary, environment=spoilt_environment())
        self.hold(server, *HANDLER, "hold", options=("-c", self.client_keys[0]))
        return server, self.started(server.pid)

    def test_the_environment_tells_of_the_connection(self):
        server, handler = self.server_handler()
        found = handler.environment()
        self.assertEqual(found["PROTO"], "CURVECP")
        self.assertEqual((found["CURVECPLOCALIP"], found["CURVECPLOCALPORT"]),
                         ("127.0.0.1", str(server.port)))
        self.assertEqual(found["CURVECPREMOTEIP"], "127.0.0.1")
        self.assertTrue(1024 <= int(found["CURVECPREMOTEPORT"]) <= 65535)
        self.assertEqual(found["CURVECPREMOTEPK"], self.client_keys[1])
        self.assertEqual(found["CURVECPLOCALEXTENSION"], EXTENSION)
        self.assertRegex(found["CURVECPREMOTEEXTENSION"], r"\A[0-9a-f]{32}\Z")
        self.assertEqual(found["CURVECPSERVERNAME"], NAME)
        self.assertTrue(found["CURVECPCONNID"])

    def assert_nothing_inherited(self, found):
        self.assertNotIn("inherited", [found.get(name) for name in OURS])
        self.assertEqual([name for name in FOREIGN if name in found], [])
        self.assertEqual(found["KEPT"], "yes")

    def test_nothing_of_the_kind_is_inherited(self):
        self.assert_nothing_inherited(self.server_handler()[1].environment())

    def test_an_ipv6_connection_is_told_with_its_literals(self):
        found = self.server_handler(ip="::1")[1].environment()
        self.assertEqual((found["CURVECPLOCALIP"], found["CURVECPREMOTEIP"]), ("::1", "::1"))

    def test_each_connection_has_an_id_of_its_own(self):
        out = self.file("ids")
        server = self.serve("sh", "-c", 'echo "$CURVECPCONNID" >>"$1"', "sh", out)
        for _ in range(3):
            self.connect(server, *HANDLER, "say", 1, 16, 1)
        ids = wait_until(lambda: len(self.lines_of(out)) == 3 and self.lines_of(out), 5, "3 handlers")
        self.assertEqual(len(set(ids)), 3, ids)

    def assert_signals_are_default(self, process):
        self.assertEqual(process.signals("Blk"), 0)
        for number in (signal.SIGPIPE, signal.SIGCHLD):
            self.assertFalse(process.signals("Ign") & 1 << number - 1, number)

    def assert_clean_start(self, handler):
        self.assertEqual(handler.descriptors(), [0, 1, 2, 8, 9])
        for descriptor in (8, 9):
            self.assertEqual(handler.kind(descriptor), "pipe")
            self.assertFalse(handler.is_blocking(descriptor))
        self.assert_signals_are_default(handler)
        self.assertEqual(handler.directory(), str(self.temporary))

    def test_a_servers_handler_starts_clean(self):
        self.assert_clean_start(self.server_handler()[1])

    def test_a_clients_handler_starts_clean(self):
        server = self.serve(*HANDLER, "echo")
        client = self.hold(server, *IDLE, directory=self.temporary, environment=spoilt_environment())
        handler = self.started(client.pid)
        self.assert_clean_start(handler)
        self.assert_nothing_inherited(handler.environment())

    def test_a_stream_program_has_its_two_pipes_and_stderr_alone(self):
        server = self.serve("curvecpmessage", *IDLE)
        self.hold(server, *HANDLER, "hold")
        handler = wait_until(lambda: server.handlers(), 5, "the handler")[0]
        program = self.started(handler)
        self.assertEqual(program.descriptors(), [0, 1, 2])
        self.assertEqual([program.kind(0), program.kind(1)], ["pipe"] * 2)
        self.assertTrue(program.is_blocking(0) and program.is_blocking(1))
        self.assert_signals_are_default(program)

    def test_a_stream_client_program_has_6_and_7_and_its_callers_0_and_1(self):
        server = self.serve(*HANDLER, "echo")
        for mode in ("-c", "-C"):
            client = self.hold(server, "curvecpmessage", mode, *IDLE)
            handler = wait_until(lambda: children(client.pid), 5, "the handler")[0]
            program = self.started(handler)
            self.assertEqual(program.descriptors(), [0, 1, 2, 6, 7])
            self.assertEqual(os.readlink(program.proc / "fd/0"), "/dev/null")
            self.assertEqual([program.kind(6), program.kind(7)], ["pipe"] * 2)
            self.assertTrue(program.is_blocking(6) and program.is_blocking(7))
            self.assert_signals_are_default(program)


class Habits(Case):
    """A bad handler harms its own connection at most."""

    def assert_alive(self, server):
        client = self.connect(server, *HANDLER, "say", 2, 64, 1, limit=15)
        self.assertEqual(client.returncode, 0, client.stderr)

    def test_a_handler_that_never_reads_stalls_nobody(self):
        first = self.file("first")
        server = self.serve("sh", "-c", 'mkdir "$0" 2>/dev/null && exec "$@" never_read "$0/log"; exec "$@" echo',
                            first, *HANDLER)
        flood = self.hold(server, *HANDLER, "say", 3000, 640, 20)
        wait_until((first / "log").exists, 5, "the handler that does not read")
        time.sleep(2)
        started = time.monotonic()
        second = self.connect(server, *HANDLER, "say", 10, 64, 1)
        self.assertRegex(second.stdout, r"^\d{3} ", "echoes came")
        self.assertLess(time.monotonic() - started, 5)
        self.assertIsNone(flood.poll())

    def test_a_frame_cut_by_the_end_does_not_go_out_and_whole_ones_do(self):
        server = self.serve(*HANDLER, "half_frame", options=("-c", "1"))
        for _ in range(2):  # and the only slot is free again
            client = self.connect(server, *HANDLER, "say", 1, 16, 1)
            self.assertEqual(client.stdout, "17 lives\n", client.stderr)
            wait_until(lambda: not server.handlers(), 5, "the handler is reaped")

    def test_a_handler_that_closes_8_alone_keeps_the_connection_and_nothing_spins(self):
        server = self.serve(*HANDLER, "deaf", 4)
        client = self.hold(server, *HANDLER, "say", 200, 64, 3)
        time.sleep(1)
        before = cpu_seconds(server.pid)
        time.sleep(1.5)
        self.assertLess(cpu_seconds(server.pid) - before, 0.5)
        total = int(client.communicate(timeout=10)[0].split()[0])
        self.assertGreater(total, 30 * 17, "messages came until the end")

    def test_a_bad_length_byte_ends_the_connection(self):
        for byte in (0, 69, 255):
            with self.subTest(length=byte):
                path = self.file(f"bad-{byte}")
                server = self.serve(*HANDLER, "bad_length", byte, path, options=("-c", "1"))
                for ended in (1, 2):  # and the only slot is free again
                    client = self.connect(server, *HANDLER, "say", 1, 16, 1)
                    self.assertEqual(client.stdout, "17 lives\n", client.stderr)
                    wait_until(lambda: self.lines_of(path) == ["ended"] * ended, 5,
                               f"end of file on 8: {self.lines_of(path)}")

    def test_the_end_of_9_ends_the_connection_though_the_handler_lives(self):
        server = self.serve("sh", "-c", "exec 9>&-; exec sleep 60", options=("-c", "1"))
        for _ in range(2):
            self.connect(server, *HANDLER, "say", 1, 16, 1)
        wait_until(lambda: len(server.handlers()) == 2, 5, "two handlers in one slot")

    def test_messages_beyond_a_pipe_are_lost_and_the_connection_lives(self):
        server = self.serve(*HANDLER, "echo")
        client = self.connect(server, *HANDLER, "say", 2000, 640, 2)
        self.assertEqual(client.returncode, 0, client.stderr)
        self.assertRegex(client.stdout, "lives")
        self.assert_alive(server)

    def test_the_server_ends_with_as_many_descriptors_as_it_began(self):
        server = self.serve(*HANDLER, "half_frame")
        self.connect(server, *HANDLER, "say", 1, 16, 0.2)
        wait_until(lambda: not server.handlers(), 5, "the handler is reaped")
        before = open_descriptors(server.pid)
        for _ in range(5):
            self.connect(server, *HANDLER, "say", 1, 16, 0.2)
        wait_until(lambda: not server.handlers(), 5, "the handlers are reaped")
        self.assertEqual(open_descriptors(server.pid), before)


class ClientSide(Case):
    """The client's handler: its status is the client's."""

    def test_the_clients_status_is_its_handlers(self):
        server = self.serve(*HANDLER, "echo")
        for status in (0, 1, 7, 99):
            client = self.connect(server, *HANDLER, "say", 1, 16, 0.2, status)
            self.assertEqual(client.returncode, status, client.stderr)

    def test_a_stream_programs_status_is_the_clients(self):
        server = self.serve("curvecpmessage", "cat")
        for status in (0, 3):
            done = self.connect(server, "curvecpmessage", "-C", "sh", "-c",
                                f"echo a >&7; exec 7>&-; cat <&6 >/dev/null; exit {status}")
            self.assertEqual(done.returncode, status, done.stderr)

    def test_a_killed_handler_is_111(self):
        server = self.serve(*HANDLER, "echo")
        done = self.connect(server, "sh", "-c", "kill -9 $$")
        self.assertEqual(done.returncode, 111)

    def test_a_killed_stream_program_is_111(self):
        server = self.serve("curvecpmessage", "cat")
        done = self.connect(server, "curvecpmessage", "-C", "sh", "-c", "echo a >&7; kill -9 $$")
        self.assertEqual(done.returncode, 111)

    def test_a_first_message_above_640_bytes_ends_the_connection(self):
        server = self.serve(*HANDLER, "echo")
        client = self.connect(server, *HANDLER, "too_long_first")
        self.assertEqual(client.stdout, "ended\n", client.stderr)
        self.assertEqual(server.handlers(), [])

    def test_a_clients_handler_that_never_reads_stalls_nothing(self):
        server = self.serve(*HANDLER, "say", 3000, 640, 1)
        script = 'printf "\\001%16s" x >&9; exec sleep 3'
        started = time.monotonic()
        client = self.connect(server, "sh", "-c", script)
        self.assertEqual(client.returncode, 0, client.stderr)
        self.assertLess(time.monotonic() - started, 8)
        wait_until(lambda: not server.handlers(), 5, "the server's side has ended")

    def test_a_bad_length_byte_ends_the_clients_connection(self):
        path = self.file("client-bad")
        server = self.serve(*HANDLER, "echo")
        script = 'printf "\\001%16s" x >&9; printf "\\000" >&9; exec "$@"'
        client = self.connect(server, "sh", "-c", script, "sh", *HANDLER, "echo", path)
        self.assertEqual(client.returncode, 111)
        self.assert_one_line(client.stderr, "length byte")
        self.assertEqual(self.lines_of(path), ["started", "ended"])


if __name__ == "__main__":
    main()
