"""What a message handler finds when it is started, and that nothing it does harms anybody else:
PROTOCOL's descriptors 8 and 9, on both sides."""

import os
import re
import time

from suite import EXTENSION, HANDLER, NAME, Case, cpu_seconds, main, open_descriptors, wait_until

OURS = ("PROTO", "CURVECPLOCALIP", "CURVECPLOCALPORT", "CURVECPREMOTEIP", "CURVECPREMOTEPORT",
        "CURVECPREMOTEPK", "CURVECPLOCALEXTENSION", "CURVECPREMOTEEXTENSION", "CURVECPSERVERNAME",
        "CURVECPCONNID")
FOREIGN = ("NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")

# A handler that looks at itself: by a shell and not in Python, which changes its signals. It reads
# its own first environment, descriptors and signals, and says when it is done.
LOOK = """
tr '\\0' '\\n' </proc/$$/environ >"$1/environment"
ls /proc/$$/fd >"$1/descriptors"
grep '^flags' /proc/$$/fdinfo/8 /proc/$$/fdinfo/9 >"$1/flags"
readlink /proc/$$/fd/8 /proc/$$/fd/9 >"$1/kinds"
grep '^Sig' /proc/$$/status >"$1/signals"
pwd >"$1/directory"
echo done >"$1/done"
"""


def spoilt_environment():
    return {**os.environ, **{name: "inherited" for name in OURS + FOREIGN}, "KEPT": "yes"}


class Start(Case):
    """What the handler of a new connection is given."""

    def look_on_server(self, ip="127.0.0.1"):
        where = self.temporary / f"looked-{ip}"
        where.mkdir()
        server = self.serve("sh", "-c", LOOK, "sh", where, ip=ip, directory=self.temporary,
                            environment=spoilt_environment())
        client = self.hold(server, *HANDLER, "say", 1, 16, 1, options=("-c", self.client_keys[0]))
        wait_until((where / "done").exists, 10, "the handler has looked around")
        return server, client, where

    def look_on_client(self):
        where = self.temporary / "looked"
        where.mkdir()
        server = self.serve(*HANDLER, "echo")
        done = self.connect(server, "sh", "-c", LOOK, "sh", where, directory=self.temporary,
                            environment=spoilt_environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        return where

    def environment(self, where):
        lines = self.lines_of(where / "environment")
        names = [line.partition("=")[0] for line in lines]
        self.assertEqual(len(names), len(set(names)), "no name twice")
        return {name: value for name, _, value in (line.partition("=") for line in lines)}

    def test_the_environment_tells_of_the_connection(self):
        server, _, where = self.look_on_server()
        found = self.environment(where)
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

    def test_nothing_of_the_kind_is_inherited(self):
        _, _, where = self.look_on_server()
        found = self.environment(where)
        for name in OURS:
            self.assertNotEqual(found[name], "inherited", name)
        for name in FOREIGN:
            self.assertNotIn(name, found)
        self.assertEqual(found["KEPT"], "yes")

    def test_an_ipv6_connection_is_told_with_its_literals(self):
        _, _, where = self.look_on_server(ip="::1")
        found = self.environment(where)
        self.assertEqual((found["CURVECPLOCALIP"], found["CURVECPREMOTEIP"]), ("::1", "::1"))

    def test_each_connection_has_an_id_of_its_own(self):
        out = self.file("ids")
        server = self.serve("sh", "-c", 'echo "$CURVECPCONNID" >>"$1"', "sh", out)
        for _ in range(3):
            self.connect(server, *HANDLER, "say", 1, 16, 1)
        ids = wait_until(lambda: len(self.lines_of(out)) == 3 and self.lines_of(out), 5, "3 handlers")
        self.assertEqual(len(set(ids)), 3, ids)

    def assert_clean_start(self, where):
        self.assertEqual(self.lines_of(where / "descriptors"), ["0", "1", "2", "8", "9"])
        for line in self.lines_of(where / "flags"):
            self.assertTrue(int(line.split()[-1], 8) & os.O_NONBLOCK, line)
        for kind in self.lines_of(where / "kinds"):
            self.assertRegex(kind, r"^pipe:")
        for line in self.lines_of(where / "signals"):
            if re.match("Sig(Blk|Ign)", line):
                self.assertEqual(int(line.split()[1], 16), 0, f"{line}: nothing blocked or ignored")
        self.assertEqual(self.lines_of(where / "directory"), [str(self.temporary)])

    def test_a_servers_handler_starts_clean(self):
        self.assert_clean_start(self.look_on_server()[2])

    def test_a_clients_handler_starts_clean(self):
        self.assert_clean_start(self.look_on_client())

    def test_a_stream_program_has_its_two_pipes_and_stderr_alone(self):
        script = "ls /proc/$$/fd; grep flags /proc/$$/fdinfo/0 /proc/$$/fdinfo/1; grep ^SigB /proc/$$/status"
        *descriptors, read_flags, write_flags, blocked = self.ask(
            self.serve("curvecpmessage", "sh", "-c", script)).splitlines()
        self.assertEqual(descriptors, ["0", "1", "2"])
        for flags in (read_flags, write_flags):
            self.assertFalse(int(flags.split()[-1], 8) & os.O_NONBLOCK, "the pipes are blocking")
        self.assertEqual(int(blocked.split()[1], 16), 0)

    def test_a_stream_client_program_has_6_and_7_and_its_callers_0_and_1(self):
        server = self.serve("curvecpmessage", "cat")
        done = self.connect(server, "curvecpmessage", "-C", "sh", "-c",
                            "exec 7>&-; ls /proc/$$/fd; cat; cat <&6", input="from outside\n")
        self.assertEqual(done.stdout.splitlines(), ["0", "1", "2", "6", "from outside"], done.stderr)


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

    def test_a_bad_length_byte_ends_the_clients_connection(self):
        path = self.file("client-bad")
        server = self.serve(*HANDLER, "echo")
        script = 'printf "\\001%16s" x >&9; printf "\\000" >&9; exec "$@"'
        client = self.connect(server, "sh", "-c", script, "sh", *HANDLER, "echo", path)
        self.assertEqual(client.returncode, 0, client.stderr)
        self.assertEqual(self.lines_of(path), ["started", "ended"])


if __name__ == "__main__":
    main()
