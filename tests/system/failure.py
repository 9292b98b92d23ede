"""A stream that is not complete is never taken for one that is; and what -v tells at the end."""

import os
import pathlib
import signal
import subprocess
import time

import tracing
from suite import Case, main, wait_until


class Failure(Case):
    def from_service(self, script, *client_options, environment=None):
        """A service that runs a script; returns the client that reads it through --stdio."""
        server = self.serve("curvecpmessage", "sh", "-c", script)
        return self.connect(server, "curvecpmessage", *client_options, "-c", "--stdio")

    def test_a_program_that_was_killed_is_a_failure_on_the_other_side(self):
        for _ in range(5):  # its pipe closes a little before its status is known
            done = self.from_service("echo half; kill -KILL $$")
            self.assertEqual((done.returncode, done.stdout), (111, "half\n"))
            self.assert_one_line(done.stderr, "the other side failed")

    def test_the_status_of_a_killed_program_may_be_late(self):
        path = self.file("program")
        script = f"echo $$ >{path}.new; mv {path}.new {path}; read line; echo half; kill -KILL $$"
        server = self.serve("curvecpmessage", "sh", "-c", script)
        client = self.hold(server, "curvecpmessage", "-C", "--stdio", stdin=subprocess.PIPE)
        client.stdin.write("go")
        client.stdin.flush()
        pid = int(wait_until(lambda: self.lines_of(path), 30, "the program starts")[0])
        tracing.seize(pid)
        client.stdin.write("\n")
        client.stdin.close()
        client.stdin = None
        wait_until(lambda: self.is_dead(pid), 30, "it has been killed")
        time.sleep(0.3)  # so late
        tracing.release_status(pid)
        out, err = client.communicate(timeout=30)
        self.assertEqual((client.returncode, out), (111, "half\n"), err)

    @staticmethod
    def is_dead(pid):
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        return stat.rpartition(")")[2].split()[0] == "Z"

    def test_a_status_that_is_no_signal_is_no_failure(self):
        done = self.from_service("echo all; exit 3")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "all\n", ""))

    def test_a_program_that_ends_well_does_not_hide_the_other_sides_failure(self):
        server = self.serve("curvecpmessage", "sh", "-c", "echo half; kill -KILL $$")
        for status, wanted in ((0, 111), (7, 7)):
            done = self.connect(server, "curvecpmessage", "-c", "sh", "-c",
                                f"cat <&6; exit {status}")
            self.assertEqual((done.returncode, done.stdout), (wanted, "half\n"), done.stderr)

    def test_a_program_that_closes_its_output_and_lives_on_ends_its_stream_soon(self):
        start = time.monotonic()
        server = self.serve("curvecpmessage", "sh", "-c", "echo all; exec >&-; sleep 3")
        done = self.connect(server, "curvecpmessage", "-c", "sh", "-c", "cat <&6; exec 7>&-")
        self.assertEqual((done.returncode, done.stdout), (0, "all\n"), done.stderr)
        self.assertLess(time.monotonic() - start, 2.5)

    def test_a_handler_that_cannot_start_tells_the_client(self):
        """Well before the client's time-out, which ends it with other words."""
        no_format = self.file("no_format", "neither program nor script")
        no_format.write_bytes(b"\0\0\0\0")
        no_format.chmod(0o755)
        calls = ((("no/such/program", "-c", "x"), "no/such/program"),
                 ((no_format,), "exec format error"),
                 (("--bogus", "cat"), "--bogus"),
                 (("--timeout", "never", "cat"), "never"),
                 ((), "missing prog"))
        for arguments, reason in calls:
            for client in ("-c", "-C"):
                server = self.serve("curvecpmessage", *arguments)
                done = self.connect(server, "curvecpmessage", client, "--stdio", input="question",
                                    limit=50)
                self.assertEqual((done.returncode, done.stdout), (111, ""), (arguments, client))
                self.assert_one_line(done.stderr, "the other side failed")
                self.assert_one_line(server.log, reason)

    def test_a_clients_handler_that_cannot_start_starts_none_of_the_servers(self):
        server = self.serve("curvecpmessage", "cat", options=("-v",))
        for arguments in (("-c", "no/such/program"), ("--bogus", "-c", "cat"),
                          ("--timeout", "never", "-vC", "cat")):
            done = self.connect(server, "curvecpmessage", *arguments)
            self.assertIn(done.returncode, (100, 111))
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertNotIn("start, from", server.log)

    def test_an_idle_timeout_ends_both_sides(self):
        server = self.serve("curvecpmessage", "--idle-timeout", "1", "sh", "-c",
                            "echo hello; exec sleep 60")
        done = self.connect(server, "curvecpmessage", "-c", "--stdio")
        self.assertEqual((done.returncode, done.stdout), (111, "hello\n"))
        self.assert_one_line(done.stderr, "the other side failed")
        self.assertRegex(server.log, "idle")

    def test_a_keepalive_finds_a_silent_peer_that_is_gone(self):
        server = self.serve("curvecpmessage", "--keepalive", "1", "--timeout", "1", "sleep", "60")
        client = self.hold(server, "curvecpmessage", "-c", "sleep", "60")
        handler = wait_until(server.handlers, 5, "the handler")
        os.kill(client.pid, signal.SIGSTOP)
        wait_until(lambda: not server.handlers(), 10, "the handler gives up")
        self.assertRegex(server.log, "vanished")
        self.assertEqual(len(handler), 1)
        os.kill(client.pid, signal.SIGCONT)

    def test_v_tells_at_the_end_how_much_went_which_way(self):
        done = self.from_service("head -c 100000 /dev/zero", "-v")
        self.assertEqual((done.returncode, len(done.stdout)), (0, 100000))
        self.assertRegex(done.stderr, r"sent 0 bytes, received 100000 in .*round-trip time")


if __name__ == "__main__":
    main()
