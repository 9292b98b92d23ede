"""curvecpctl and the socket that it speaks to: what it shows, what it ends, and that no client of it
disturbs the server."""

import json
import os
import re
import select
import socket
import stat
import subprocess

from suite import HANDLER, PROGRAMS, Case, descendants, main, wait_until

LONG = 30  # seconds, for a machine that is busy
STAY = ("curvecpmessage", "-C", "sh", "-c", "echo a >&7; cat <&6")


class ControlCase(Case):
    def setUp(self):
        super().setUp()
        self.path = self.file("control.sock")

    def controlled(self, *handler, options=(), **how):
        return self.serve(*handler, options=("--control", self.path, *options), **how)

    def ctl(self, *command, status=0):
        done = subprocess.run([PROGRAMS / "curvecpctl", "--control", self.path, *command],
                              capture_output=True, text=True, timeout=LONG)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def status(self):
        return json.loads(self.ctl("status", "--json"))

    def await_connections(self, count):
        def there():
            status = self.status()
            return len(status["connections"]) == count and status
        return wait_until(there, LONG, f"{count} connections")["connections"]

    def raw(self, *lines, end=True):
        """A client of the socket by hand."""
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(client.close)
        client.settimeout(LONG)
        client.connect(str(self.path))
        for line in lines:
            client.sendall(line)
        return client

    def answer(self, *lines):
        client, answer = self.raw(), b""
        try:
            for line in lines:
                client.sendall(line)
            while some := client.recv(65536):
                answer += some
        except (ConnectionResetError, BrokenPipeError):
            pass  # the server has not read all of it; what it said is there
        while not answer and (some := client.recv(65536)):
            answer += some
        return answer.decode()


class Shown(ControlCase):
    def test_a_status_has_a_row_for_each_connection(self):
        server = self.controlled("curvecpmessage", "cat")
        self.assertEqual(self.ctl("status").split(),
                         "ID CLIENT ADDRESS SERVICE SINCE IDLE IN OUT RATE".split())
        self.hold(server, *STAY, options=("-c", self.client_keys[0]))
        self.await_connections(1)
        header, row = self.ctl("status").splitlines()
        number, key, address, service = row.split()[:4]
        self.assertEqual((number, key, service), ("1", self.client_keys[1], server.name))
        self.assertRegex(address, r"^127\.0\.0\.1:\d+$")
        self.assertEqual(row.index(address), header.index("ADDRESS"))

    def test_a_status_as_json_tells_all_of_a_connection(self):
        server = self.controlled("curvecpmessage", "cat")
        self.hold(server, *STAY, options=("-c", self.client_keys[0]))
        connection, = self.await_connections(1)
        self.assertEqual(connection["key"], self.client_keys[1])
        self.assertEqual(connection["handler"], server.handlers()[0])
        self.assertRegex(connection["since"], r"^\d{4}-\d\d-\d\dT")
        wait_until(lambda: self.status()["connections"][0]["bytes_out"] > 0, LONG, "the echo")
        connection = self.status()["connections"][0]
        self.assertGreater(connection["bytes_in"], 0)
        self.assertLessEqual(connection["idle"], connection["age"])
        status = self.status()
        self.assertEqual((status["v"], status["local"], status["draining"]),
                         (1, [f"127.0.0.1:{server.port}"], False))

    def test_the_name_that_the_rules_give_takes_the_keys_place(self):
        keys = self.file("keys", f'{self.client_keys[1]} name="alice in chains"\n')
        server = self.controlled("curvecpmessage", "cat", options=("--authorized-keys", keys))
        self.hold(server, *STAY, options=("-c", self.client_keys[0]))
        connection, = self.await_connections(1)
        self.assertEqual((connection["name"], connection["key"]),
                         ("alice in chains", self.client_keys[1]))
        self.assertIn("alice in chains", self.ctl("status"))

    def test_metrics_count_connections_bytes_drops_and_events(self):
        server = self.controlled("curvecpmessage", "cat")
        self.ask(server, "x" * 1000)
        wait_until(lambda: not server.handlers(), LONG, "the connection's end")
        page = self.ctl("metrics")
        metrics = dict(re.findall(r"^(curvecp_\S+(?:{[^}]*})?) (\d+)$", page, re.M))
        self.assertEqual(metrics["curvecp_connections"], "0")
        self.assertEqual(metrics["curvecp_connections_total"], "1")
        self.assertEqual(metrics["curvecp_connections_limit"], "100")
        self.assertEqual(metrics['curvecp_events_total{event="accepted"}'], "1")
        self.assertGreater(int(metrics['curvecp_message_bytes_total{direction="in"}']), 1000)
        self.assertIn('curvecp_dropped_packets_total{reason="bad Hello"}', page)
        for line in page.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) curvecp_\w+ .+|curvecp_\w+({\w+="[^"]*"})? \d+)$')

    def test_events_come_until_the_end(self):
        server = self.controlled("curvecpmessage", "cat")
        process = subprocess.Popen(
            [PROGRAMS / "curvecpctl", "--control", self.path, "events", "accepted,closed"],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end_held, process)

        def heard():
            self.ask(server)
            return select.select([process.stdout], [], [], 0.2)[0]
        wait_until(heard, LONG, "an event")
        self.assertRegex(process.stdout.readline(), '"event":"(accepted|closed)"')
        server.process.terminate()
        self.assertEqual(process.wait(timeout=LONG), 0)
        self.assertNotIn("program_started", process.stdout.read())


class Ended(ControlCase):
    def test_connections_are_ended_by_number_key_address_and_port(self):
        server = self.controlled("curvecpmessage", "cat")
        for which in ("id", "key", "address", "ip"):
            with self.subTest(which):
                client = self.hold(server, *STAY, options=("-c", self.client_keys[0]))
                connection, = self.await_connections(1)
                whom = {**connection, "ip": "127.0.0.1"}[which]
                self.assertEqual(self.ctl("kill", str(whom)), "1 connection ended\n")
                self.await_connections(0)
                wait_until(lambda: not descendants(server.pid), LONG, "handler and program are gone")
                client.kill()

    def test_all_of_a_key_are_ended_and_nobody_else(self):
        server = self.controlled("curvecpmessage", "cat")
        for _ in range(2):
            self.hold(server, *STAY, options=("-c", self.client_keys[0]))
        self.hold(server, *STAY)
        self.await_connections(3)
        self.assertEqual(self.ctl("kill", self.client_keys[1]), "2 connections ended\n")
        rest, = self.await_connections(1)
        self.assertNotEqual(rest["key"], self.client_keys[1])

    def test_whoever_is_not_there_is_an_error(self):
        self.controlled("curvecpmessage", "cat")
        for whom in ("7", "5a" * 32, "192.0.2.1", "192.0.2.1:80"):
            self.assertIn("no such connection", self.ctl("kill", whom, status=111))
        self.assertIn("no number, key or address", self.ctl("kill", "nobody", status=111))

    def test_a_handler_and_its_program_that_ignore_all_are_killed(self):
        noted = self.file("noted")
        program = f'trap "" TERM HUP; echo $$ >{noted}; while :; do sleep 1; done'
        server = self.controlled("sh", "-c", f"trap '' TERM; ({program}) & cat <&8; wait")
        self.hold(server, *HANDLER, "hold")
        self.await_connections(1)
        wait_until(noted.exists, LONG, "the program runs")
        self.assertGreaterEqual(len(descendants(server.pid)), 2)
        self.ctl("kill", "1")
        wait_until(lambda: not descendants(server.pid), LONG, "all of its group are gone")


class Clients(ControlCase):
    def test_the_socket_is_for_the_user_alone_and_goes_with_the_server(self):
        server = self.controlled("curvecpmessage", "cat")
        mode = os.stat(self.path).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        server.process.terminate()
        server.process.wait(timeout=LONG)
        self.assertFalse(self.path.exists())
        self.assertIn(str(self.path), self.ctl("status", status=111))

    def test_what_is_no_command_is_an_error(self):
        self.controlled("curvecpmessage", "cat")
        for line in (b"\n", b"stat\n", b"status --yaml\n", b"kill\n", b"drain now\n", b"metrics x\n",
                     b"events none\n", b"\0\xff\n"):
            with self.subTest(line):
                self.assertRegex(self.answer(line), r"^error: [^\n]+\n$")
        self.assertRegex(self.answer(b"x" * 2000), r"^error: the line is too long\n$")
        self.assertRegex(self.answer(b"sta", b"tus \r\n"), r"^ok\n")
        self.assertRegex(self.ctl("events", "accepted", "none", status=111), "no such event: none")

    def test_wrong_usage_is_named(self):
        for command, named in (((), "command"), (("stop",), "stop"), (("kill",), "kill"),
                               (("kill", "1", "2"), "2"), (("drain", "now"), "now"),
                               (("status", "--yaml"), "--yaml"), (("events", "a\nb"), "command")):
            with self.subTest(command):
                self.assert_one_line(self.ctl(*command, status=100), re.escape(named))

    def test_too_many_clients_are_refused_and_slow_ones_stop_nobody(self):
        server = self.controlled("curvecpmessage", "cat")
        silent = [self.raw(b"stat") for _ in range(8)]
        self.assertEqual(self.answer(b"status\n"), "error: too many clients\n")
        self.assertEqual(self.ask(server), "hello\n")
        for client in silent:
            client.close()
        wait_until(lambda: self.answer(b"status\n").startswith("ok\n"), LONG, "there is room")

    def test_a_reload_without_rules_or_with_them_is_answered(self):
        server = self.controlled("curvecpmessage", "cat")
        self.assertEqual(self.ctl("reload"), "")
        self.assertEqual(self.ask(server), "hello\n")


class Drained(ControlCase):
    def test_a_drained_server_goes_when_its_last_connection_does(self):
        server = self.controlled("curvecpmessage", "cat")
        client = self.hold(server, "curvecpmessage", "-C", "sh", "-c", "cat >&7; exec 7>&-; cat <&6",
                           stdin=subprocess.PIPE)
        client.stdin.write("before\n")
        client.stdin.flush()
        self.await_connections(1)
        self.ctl("drain")
        self.assertTrue(self.status()["draining"])
        late = self.hold(server, "curvecpmessage", "-C", "sh", "-c", "echo late >&7; cat <&6")
        client.stdin.write("after\n")
        client.stdin.close()
        client.stdin = None
        self.assertEqual(client.stdout.read(), "before\nafter\n")
        self.assertEqual(server.process.wait(timeout=LONG), 0)
        late.kill()
        self.assertEqual(late.stdout.read(), "")

    def test_a_server_without_connections_goes_at_once(self):
        server = self.controlled("curvecpmessage", "cat")
        self.ctl("drain")
        self.assertEqual(server.process.wait(timeout=LONG), 0)


if __name__ == "__main__":
    main()
