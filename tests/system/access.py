"""Who is let in: rules for addresses, authorized keys and what their lines grant, limits, what a
refused client is told, and what SIGHUP changes."""

import os
import signal
import subprocess

from endpoint import Endpoint
from suite import EXTENSION, HANDLER, NAME, PROGRAMS, Case, free_port, main, wait_until
from visitor import Visitor, token

PATIENCE = 30  # seconds, for what takes a moment
SAY_WHO = ("curvecpmessage", "sh", "-c", 'read -r line; echo "$line: $CURVECPREMOTENAME $GREETING"')


class AccessCase(Case):
    def keys_file(self, *lines):
        return self.file("authorized", "".join(line + "\n" for line in lines))

    def as_friend(self):
        """Options of a client that has keys of its own."""
        return ("-c", str(self.client_keys[0]))

    def await_log(self, server, *parts):
        wait_until(lambda: any(all(part in line for part in parts)
                               for line in server.log.splitlines()),
                   PATIENCE, f"the server tells of {parts}: {server.log}")

    def assert_refused_at_once(self, server, **how):
        """Told, not after the minute that a silent server is waited for."""
        done = self.connect(server, "curvecpmessage", "-C", "--stdio", limit=PATIENCE, **how)
        self.assertEqual(done.returncode, 111, done.stderr)
        self.assertIn("the other side failed", done.stderr)

    def hold_one(self, server, **how):
        """A client that is connected, and says so."""
        client = self.hold(server, "curvecpmessage", "-C", "sh", "-c",
                           'echo go >&7; head -n 1 <&6; exec cat <&6', **how)
        self.assertTrue(client.stdout.readline())
        return client


class Addresses(AccessCase):
    def test_a_denied_address_gets_no_answer_while_another_does(self):
        server = self.serve("curvecpmessage", "cat", ip="::",
                            options=("-v", "--deny-from", "127.0.0.0/8"))
        server.ip = "127.0.0.1"
        denied = Visitor(self, server)
        denied.endpoint.send(denied.hello())
        self.await_log(server, "refused 127.0.0.1", "address denied")
        self.assertEqual(denied.endpoint.waiting(), [])
        server.ip = "::1"
        self.assertEqual(self.ask(server), "hello\n")
        self.await_log(server, "start, from [::1]")

    def test_with_a_range_that_is_accepted_others_are_denied(self):
        server = self.serve(*HANDLER, "echo", options=("-v", "--accept-from", "127.0.0.2"))
        stranger = Visitor(self, server)
        stranger.endpoint.send(stranger.hello())
        self.await_log(server, "refused 127.0.0.1", "address denied")
        friend = Visitor(self, server)
        friend.endpoint = Endpoint(self, (server.ip, server.port), bind=("127.0.0.2", 0))
        friend.greet().enter()

    def test_a_connection_cannot_move_to_a_denied_address(self):
        server = self.serve(*HANDLER, "echo", options=("-v", "--deny-from", "127.0.0.2"))
        visitor = Visitor(self, server).greet().enter()
        there = Endpoint(self, (server.ip, server.port), bind=("127.0.0.2", 0))
        there.send(visitor.message(token()))
        self.await_log(server, "refused 127.0.0.2", "address denied")
        self.assertEqual(there.waiting(), [])
        said = token()
        visitor.endpoint.send(visitor.message(said))
        visitor.await_echo(said)


class Keys(AccessCase):
    def test_an_authorized_key_is_let_in_with_its_name_and_variables(self):
        keys = self.keys_file(f'{self.client_keys[1]} name="Alice A" env="GREETING=hello there"')
        server = self.serve(*SAY_WHO, options=("--authorized-keys", keys),
                            environment={**os.environ, "GREETING": "inherited"})
        self.assertEqual(self.ask(server, "who", options=self.as_friend()),
                         "who: Alice A hello there\n")

    def test_a_key_has_a_command_of_its_own(self):
        keys = self.keys_file(f'{self.client_keys[1]} command="exec curvecpmessage echo own"')
        server = self.serve("curvecpmessage", "echo", "general",
                            options=("--authorized-keys", keys))
        self.assertEqual(self.ask(server, options=self.as_friend()), "own\n")

    def test_another_key_is_refused_at_once_where_refusals_are_explained(self):
        keys = self.keys_file(self.client_keys[1])
        server = self.serve(*SAY_WHO, options=("-v", "--explain-refusal", "--authorized-keys", keys))
        self.assert_refused_at_once(server)
        self.await_log(server, "refused 127.0.0.1", "key not authorized")
        self.ask(server, options=self.as_friend())

    def test_another_key_gets_no_answer_where_they_are_not(self):
        keys = self.keys_file(self.client_keys[1])
        server = self.serve(*HANDLER, "echo", options=("-v", "--authorized-keys", keys))
        stranger = Visitor(self, server).greet()
        stranger.endpoint.send(stranger.initiate(stranger.introduction(token())))
        self.await_log(server, "refused 127.0.0.1", "key not authorized")
        self.assertEqual(stranger.endpoint.waiting(), [])
        self.assertEqual(server.handlers(), [])

    def test_an_expired_key_is_refused(self):
        keys = self.keys_file(f"{self.client_keys[1]} expires=2020-02-29")
        server = self.serve(*SAY_WHO, options=("--explain-refusal", "--authorized-keys", keys))
        self.assert_refused_at_once(server, options=self.as_friend())

    def test_a_bad_line_stops_the_start_and_is_named(self):
        for line, reason in (("nonsense", "64 hex digits"), ("5a" * 32 + " max=0", "max"),
                             ("5a" * 32 + " form=192.0.2.1", "form")):
            with self.subTest(line):
                self.assert_start_fails(100, self.keys_file("# who", "", line), r":3: ", reason)

    def test_a_missing_file_stops_the_start_and_is_named(self):
        self.assert_start_fails(111, self.temporary / "missing", "missing", "No such file")
        self.assert_start_fails(111, self.temporary, "directory")

    def assert_start_fails(self, status, keys, *patterns):
        done = subprocess.run(
            [PROGRAMS / "curvecpserver", "--authorized-keys", keys, NAME, self.server_keys[0],
             "127.0.0.1", str(free_port()), EXTENSION, "true"],
            capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assert_one_line(done.stderr, *patterns)


class Limits(AccessCase):
    def test_as_many_from_an_address_as_allowed_and_again_when_one_has_left(self):
        server = self.serve("curvecpmessage", "cat", options=("-C", "1", "--explain-refusal"))
        held = self.hold_one(server)
        self.assert_refused_at_once(server)
        self.assert_refused_at_once(server)
        told = [line for line in server.log.splitlines() if "limit" in line]
        self.assertEqual(len(told), 1, server.log)
        self.assert_one_line(told[0], "too many connections from this address",
                             "refused 127.0.0.1:")
        held.kill()
        server.end_handlers()
        self.assertEqual(self.ask(server), "hello\n")

    def test_as_many_with_a_key_as_allowed(self):
        server = self.serve("curvecpmessage", "cat",
                            options=("--max-per-key", "1", "--explain-refusal"))
        self.hold_one(server, options=self.as_friend())
        self.assert_refused_at_once(server, options=self.as_friend())
        self.assertEqual(self.ask(server), "hello\n")

    def test_a_full_server_tells_so(self):
        server = self.serve("curvecpmessage", "cat", options=("-c", "1", "--explain-refusal"))
        self.hold_one(server)
        self.assert_refused_at_once(server)
        self.await_log(server, "limit", "too many connections")

    def test_a_handler_that_fails_gives_its_place_back(self):
        places = ("-C", "1", "--max-per-key", "1", "--max-per-prefix", "1/24,1/56", "-c", "1")
        for program in (("false",), ("sh", "-c", "kill -9 $$"), ("sh", "-c", "exec 8<&- 9>&-")):
            with self.subTest(program):
                server = self.serve(*program, options=("-v", *places))
                for number in range(1, 4):
                    client = self.hold(server, "curvecpmessage", "-C", "echo", "hello",
                                       options=self.as_friend())
                    self.await_log(server, f"connection {number}: end")
                    self.end_held(client)

    def test_new_connections_are_limited_in_time(self):
        server = self.serve(*HANDLER, "echo", options=("--rate", "1/s"))
        for visitor in [Visitor(self, server).greet() for _ in range(10)]:
            visitor.endpoint.send(visitor.initiate(visitor.introduction(token())))
        self.await_log(server, "limit", "too many new connections from this address")
        # It passes.
        def let_in():
            visitor = Visitor(self, server).greet()
            said = token()
            visitor.endpoint.send(visitor.initiate(visitor.introduction(said)))
            packet = visitor.endpoint.receive(2)
            return packet and visitor.open_message(packet) == said
        wait_until(let_in, PATIENCE, "another connection is let in")


class Reload(AccessCase):
    def reload(self, server, *parts):
        server.process.send_signal(signal.SIGHUP)
        self.await_log(server, *parts)

    def test_a_revoked_key_is_ended_and_another_goes_on(self):
        other, other_key = self.make_keys("other")
        keys = self.keys_file(self.client_keys[1], other_key)
        server = self.serve("curvecpmessage", "cat", options=("-v", "--authorized-keys", keys))
        revoked = self.hold_one(server, options=self.as_friend())
        self.hold_one(server, options=("-c", str(other)))
        self.keys_file(other_key)
        self.reload(server, "connection 1: end", "not authorized any more")
        self.assertNotIn("connection 2: end", server.log)
        wait_until(lambda: len(server.handlers()) == 1, PATIENCE, "the handler is gone")
        self.assertEqual(self.ask(server, options=("-c", str(other))), "hello\n")
        revoked.kill()

    def test_a_bad_file_leaves_the_old_rules(self):
        keys = self.keys_file(self.client_keys[1])
        server = self.serve("curvecpmessage", "cat",
                            options=("--explain-refusal", "--authorized-keys", keys))
        self.keys_file("", "nonsense")
        self.reload(server, "the old rules stay", ":2: ", "64 hex digits")
        self.assertEqual(self.ask(server, options=self.as_friend()), "hello\n")
        self.assert_refused_at_once(server)

    def test_new_keys_are_let_in(self):
        keys = self.keys_file()
        server = self.serve("curvecpmessage", "cat",
                            options=("-v", "--explain-refusal", "--authorized-keys", keys))
        self.assert_refused_at_once(server, options=self.as_friend())
        self.keys_file(self.client_keys[1])
        self.reload(server, "the rules were read again")
        self.assertEqual(self.ask(server, options=self.as_friend()), "hello\n")


if __name__ == "__main__":
    main()
