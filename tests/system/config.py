"""Many services in one server: a configuration file, told apart by address, extension, key and
name; what is wrong in it is named with its line; SIGHUP takes a new one or leaves the old."""

import pathlib
import signal
import subprocess

from access import PATIENCE, AccessCase
from suite import EXTENSION, PROGRAMS, free_port, is_bound, main, wait_until

OTHER_EXTENSION = "00" * 15 + "07"


class ConfiguredServer:
    """A curvecpserver with --config; `log` is what it wrote to stderr."""

    def __init__(self, case, path, ports):
        self.log_path = case.temporary / f"configured-{ports[0]}.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen([PROGRAMS / "curvecpserver", "-v", "--config", path],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        case.addCleanup(self.end)
        wait_until(lambda: self.process.poll() is not None or
                   all(is_bound(self.process.pid, port) for port in ports), PATIENCE, "it listens")
        case.assertIsNone(self.process.poll(), self.log)

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def end(self):
        self.process.kill()
        self.process.wait()


class ConfigCase(AccessCase):
    def setUp(self):
        super().setUp()
        self.ports = [free_port(), free_port()]
        self.path = self.temporary / "server.toml"

    def service(self, label, *lines, names=None, extension=EXTENSION, keys=None, say=None):
        """A service that says its label, and under which name it was called."""
        say = say or f'read -r line; echo "{label} $CURVECPSERVERNAME"'
        return "\n".join([f"[service.{label}]", f"names = {names or [label + '.example']}",
                          f'extension = "{extension}"', f'keys = "{keys or self.server_keys[0]}"',
                          f"program = ['curvecpmessage', 'sh', '-c', '''{say}''']", *lines, ""])

    def write(self, *services, ports=None):
        listen = [f"127.0.0.1:{port}" for port in ports or self.ports]
        self.path.write_text("\n".join([f"listen = {listen}", *services]))

    def start(self, *services):
        self.write(*services)
        return ConfiguredServer(self, self.path, self.ports)

    def call(self, name, port=0, key=None, extension=EXTENSION, limit=PATIENCE, options=()):
        """What a service says to a client that speaks first."""
        script = "echo hello >&7; exec 7>&-; exec cat <&6"
        return subprocess.run(
            [PROGRAMS / "curvecpclient", *options, name, key or self.server_keys[1], "127.0.0.1",
             str(self.ports[port]), extension, "curvecpmessage", "-C", "sh", "-c", script],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit)

    def assert_says(self, text, *call, **how):
        done = self.call(*call, **how)
        self.assertEqual((done.returncode, done.stdout), (0, text), done.stderr)

    def reload(self, server, *parts):
        server.process.send_signal(signal.SIGHUP)
        self.await_log(server, *parts)


class Services(ConfigCase):
    def test_services_are_told_apart_by_name_extension_and_key_at_each_address(self):
        keys, key = self.make_keys("second")
        self.start(self.service("one", names=["one.example", "www.one.example"]),
                   self.service("two", extension=OTHER_EXTENSION),
                   self.service("three", names=["one.example", "three.example"],
                                extension=OTHER_EXTENSION),
                   self.service("four", keys=keys))
        self.assert_says("one one.example\n", "one.example")
        self.assert_says("one www.one.example\n", "www.one.example", port=1)
        self.assert_says("two two.example\n", "two.example", extension=OTHER_EXTENSION)
        self.assert_says("three one.example\n", "one.example", extension=OTHER_EXTENSION, port=1)
        self.assert_says("four four.example\n", "four.example", key=key)

    def test_each_service_has_rules_of_its_own(self):
        self.keys_file(f"{self.client_keys[1]} name=friend")
        authorized = f'authorized-keys = "{self.temporary}/authorized"'
        server = self.start(
            self.service("open"),
            self.service("closed", authorized, "explain-refusal = true",
                         say='read -r line; echo "$CURVECPREMOTENAME"'))
        self.assert_says("open open.example\n", "open.example")
        self.assertEqual(self.call("closed.example").returncode, 111)
        self.await_log(server, "key not authorized")
        self.assert_says("friend\n", "closed.example", options=self.as_friend())


class Mistakes(ConfigCase):
    def run_with(self, *options):
        return subprocess.run([PROGRAMS / "curvecpserver", *options], capture_output=True,
                              text=True, timeout=PATIENCE)

    def assert_refused(self, status, options, *patterns):
        done = self.run_with(*options)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assert_one_line(done.stderr, *patterns)

    def test_a_right_file_passes_the_check_and_nothing_is_started(self):
        self.write(self.service("one"))
        counter = pathlib.Path(self.server_keys[0]) / ".expertsonly/noncecounter"
        before = counter.read_bytes()
        done = self.run_with("--config", self.path, "--check-config")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(counter.read_bytes(), before)

    def test_a_mistake_is_named_with_its_line(self):
        for line, reason in (("max-per-keys = 1", "unknown key max-per-keys"),
                             ("rate = 0", "rate 0"), ("names = [", "")):
            for option in ((), ("--check-config",)):
                self.write(self.service("one", line))
                self.assert_refused(100, ("--config", self.path, *option), r"server.toml:7: ", reason)

    def test_what_a_file_names_must_be_there(self):
        for service, reason in (
                (self.service("one", keys="/no/such/keys"), "/no/such/keys"),
                (self.service("one", "authorized-keys = '/no/such/file'"), "/no/such/file"),
                (self.service("one").replace("curvecpmessage", "no-such-program"), "no-such-program")):
            self.write(service)
            self.assert_refused(100, ("--config", self.path, "--check-config"), reason)
            self.assert_refused(111, ("--config", self.path), reason)

    def test_a_file_that_is_not_there_is_named(self):
        self.assert_refused(111, ("--config", "/no/such/file"), "/no/such/file")

    def test_beside_a_file_nothing_on_the_command_line_speaks_of_services(self):
        self.write(self.service("one"))
        for options in (("-c", "5"), ("-C", "5"), ("--rate", "1/s")):
            self.assert_refused(100, (*options, "--config", self.path), options[0])
        self.assert_refused(100, ("--config", self.path, "sname"), "sname")
        self.assert_refused(100, ("--check-config",), "--config")


class Reload(ConfigCase):
    def test_new_services_come_and_old_ones_take_no_new_clients(self):
        server = self.start(self.service("old", say="cat"))
        held = subprocess.Popen(
            [PROGRAMS / "curvecpclient", "old.example", self.server_keys[1], "127.0.0.1",
             str(self.ports[0]), EXTENSION, "curvecpmessage", "-C", "--stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end_held, held)
        self.assertEqual(self.exchange(held, b"before\n"), b"before\n")
        self.write(self.service("new"))
        self.reload(server, "the rules were read again")
        self.assert_says("new new.example\n", "new.example")
        self.assertEqual(self.exchange(held, b"after\n"), b"after\n")
        stranger = self.hold_named("old.example")
        self.assert_says("new new.example\n", "new.example")
        self.assertIsNone(stranger.poll())
        self.assertEqual(server.log.count(": start,"), 3, server.log)

    def hold_named(self, name):
        process = subprocess.Popen(
            [PROGRAMS / "curvecpclient", name, self.server_keys[1], "127.0.0.1",
             str(self.ports[0]), EXTENSION, "curvecpmessage", "-C", "--stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end_held, process)
        return process

    @staticmethod
    def exchange(client, line):
        client.stdin.write(line)
        client.stdin.flush()
        return client.stdout.readline()

    def test_a_bad_file_leaves_the_old_services(self):
        server = self.start(self.service("one"))
        self.write(self.service("one", "max-per-key = 0"))
        self.reload(server, "error: the old rules stay: ", "server.toml:7: max-per-key 0")
        self.path.unlink()
        self.reload(server, "error: the old rules stay: ", "server.toml", "No such file")
        self.assert_says("one one.example\n", "one.example")

    def test_a_new_program_in_the_servers_place_reads_the_file_again(self):
        server = self.start(self.service("old", say="cat"))
        held = self.hold_named("old.example")
        self.assertEqual(self.exchange(held, b"before\n"), b"before\n")
        self.write(self.service("old", say="cat"), self.service("new"))
        server.process.send_signal(signal.SIGUSR2)
        self.await_log(server, "upgraded")
        self.assert_says("new new.example\n", "new.example", port=1)
        self.assertEqual(self.exchange(held, b"after\n"), b"after\n")

    def test_other_addresses_need_a_restart(self):
        server = self.start(self.service("one"))
        self.write(self.service("two"), ports=self.ports[:1])
        self.reload(server, "error: the old rules stay: ", "restart")
        self.assert_says("one one.example\n", "one.example")


if __name__ == "__main__":
    main()
