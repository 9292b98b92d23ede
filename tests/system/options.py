"""The command lines of the programs: what they take, and how they refuse the rest: one line
that names the culprit, 100 for wrong usage, 111 for everything else."""

import pathlib
import re
import shutil
import socket
import subprocess

from suite import EXTENSION, NAME, PROGRAMS, Case, free_port, main

PROGRAM_NAMES = ("curvecpserver", "curvecpclient", "curvecpmessage", "curvecpmakekey",
                 "curvecpprintkey", "curvecpctl")
USAGE, TROUBLE = 100, 111
ANY_KEY = "5a" * 32

# A value that is wrong for a position or option, and a pattern for what the line calls it.
BAD_PORTS = ("99999", "65536", "abc", "80x", "-1", "")
BAD_EXTENSIONS = (EXTENSION[:31], EXTENSION + "0", "g" + EXTENSION[1:], "")
BAD_NAMES = ("a" * 64, "a" * 64 + ".example", ".".join(["a" * 63] * 4))
BAD_RULES = {"--accept-from": ("192.0.2.1/24", "192.0.2.0/33", "localhost", ""),
             "--deny-from": ("2001:db8::1/64", "::/129"), "--authorizer": ("/run/x", "unix:"),
             "--max-per-prefix": ("4", "4/33", "0/24", "4/24,4", "4/24,4/129"),
             "--max-per-key": ("0", "many"), "--reserve": ("0", "-1"), "--rate": ("0", "1/m", "")}


class OptionsCase(Case):
    def run_program(self, name, *arguments, limit=10):
        """Runs a program that must end by itself. Descriptors 8 and 9 are pipes, as a message
        handler has them."""
        return subprocess.run(
            ["sh", "-c", 'exec "$@" 8<&0 9>&1', "sh", PROGRAMS / name, *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=limit)

    def assert_refused(self, status, command, *patterns):
        with self.subTest(command=" ".join(map(str, command))):
            done = self.run_program(*command)
            self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
            self.assert_one_line(done.stderr, *patterns)

    def server_line(self, **changes):
        """A right command line of curvecpserver, with some of its values changed."""
        values = {"options": (), "name": NAME, "keydir": self.server_keys[0], "ip": "127.0.0.1",
                  "port": free_port(), "extension": EXTENSION, "program": ("true",), **changes}
        options, program = values.pop("options"), values.pop("program")
        return ["curvecpserver", *options, *values.values(), *program]

    def client_line(self, **changes):
        values = {"options": (), "name": NAME, "key": ANY_KEY, "ip": "127.0.0.1",
                  "port": free_port(), "extension": EXTENSION, "program": ("true",), **changes}
        options, program = values.pop("options"), values.pop("program")
        return ["curvecpclient", *options, *values.values(), *program]


class Usage(OptionsCase):
    def test_help_and_version_are_no_errors(self):
        for name in PROGRAM_NAMES:
            with self.subTest(name):
                told = self.run_program(name, "--help")
                self.assertEqual((told.returncode, told.stderr), (0, ""))
                self.assertIn(name, told.stdout)
                version = self.run_program(name, "--version")
                self.assertEqual((version.returncode, version.stderr), (0, ""))
                self.assertRegex(version.stdout, r"\d+\.\d+\.\d+")

    def test_help_names_every_option(self):
        common = ("-q", "-Q", "-v")
        for name, options in (("curvecpserver", (*common, "-c", "--events", "-u", "-g", "--chroot",
                                                     "--resource-limit")), ("curvecpclient", (*common, "-c")),
                              ("curvecpmessage", (*common, "-s", "-c", "-C", "--stdio", "--timeout"))):
            text = self.run_program(name, "--help").stdout
            for option in options:
                with self.subTest(program=name, option=option):
                    self.assertRegex(text, rf"(^|[\s,]){option}\b")

    def test_a_bad_value_of_the_server_is_named(self):
        for port in BAD_PORTS:
            self.assert_refused(USAGE, self.server_line(port=port), "port", port)
        for extension in BAD_EXTENSIONS:
            self.assert_refused(USAGE, self.server_line(extension=extension), "ext", extension)
        for name in BAD_NAMES:
            self.assert_refused(USAGE, self.server_line(name=name), "name", name)
        for ip in ("999.0.0.1", "127.0.0", "localhost", "::g", "127.0.0.1,127.0.0.2", ""):
            self.assert_refused(USAGE, self.server_line(ip=ip), r"\bip\b|address", ip)
        for limit in ("0", "65536", "-1", "abc", "5x", "0x10", ""):
            self.assert_refused(USAGE, self.server_line(options=("-c", limit)), "-c", limit)
            self.assert_refused(USAGE, self.server_line(options=("-C", limit)), "-C", limit)
        for target in ("", "x", "unix:", "fd:", "fd:x", "fd:-1", "fd:5", "fd:99"):
            self.assert_refused(USAGE, self.server_line(options=("--events", target)), "--events",
                                target)
        for option, values in BAD_RULES.items():
            for value in values:
                self.assert_refused(USAGE, self.server_line(options=(option, value)), option,
                                    re.escape(value))

    def test_a_bad_value_of_the_client_is_named(self):
        for port in BAD_PORTS:
            self.assert_refused(USAGE, self.client_line(port=port), "port", port)
        for extension in BAD_EXTENSIONS:
            self.assert_refused(USAGE, self.client_line(extension=extension), "ext", extension)
        for name in BAD_NAMES:
            self.assert_refused(USAGE, self.client_line(name=name), "name", name)
        for key in (ANY_KEY[:63], ANY_KEY + "0", "g" + ANY_KEY[1:], ""):
            self.assert_refused(USAGE, self.client_line(key=key), r"\bpk\b|key", key)
        nine = ",".join(f"127.0.0.{i}" for i in range(1, 10))
        for ip in ("999.0.0.1", "127.0.0.1,999.0.0.1", "127.0.0.1,,::1", nine, ""):
            self.assert_refused(USAGE, self.client_line(ip=ip), r"\bip\b|address")

    def test_a_missing_position_is_wrong_usage(self):
        for whole in (self.server_line(), self.client_line()):
            for count in range(1, len(whole)):
                self.assert_refused(USAGE, whole[:count])
        for line in (["curvecpmessage"], ["curvecpmessage", "-c"], ["curvecpmakekey"],
                     ["curvecpprintkey"]):
            self.assert_refused(USAGE, line)

    def test_an_unknown_option_is_named(self):
        self.assert_refused(USAGE, self.server_line(options=("-z",)), "-?z")
        self.assert_refused(USAGE, self.server_line(options=("-qz",)), "z")
        self.assert_refused(USAGE, self.server_line(options=("--nonsense",)), "nonsense")
        self.assert_refused(USAGE, self.client_line(options=("-z",)), "-?z")
        self.assert_refused(USAGE, ["curvecpmessage", "-z", "true"], "-?z")
        self.assert_refused(USAGE, ["curvecpmessage", "--timeout", "soon", "true"], "timeout", "soon")

    def test_an_option_without_its_value_is_wrong_usage(self):
        self.assert_refused(USAGE, ["curvecpserver", "-c"], "-c")
        self.assert_refused(USAGE, ["curvecpclient", "-c"], "-c")


class Trouble(OptionsCase):
    def test_a_program_that_is_not_there_is_named_at_the_start(self):
        for line in (self.server_line(program=("no-such-program",)),
                     self.client_line(program=("no-such-program",)),
                     ["curvecpmessage", "no-such-program"]):
            self.assert_refused(TROUBLE, line, "no-such-program")
        for line in (self.server_line(program=("/no/such/program",)),
                     self.client_line(program=("/no/such/program",))):
            self.assert_refused(TROUBLE, line, "/no/such/program")

    def test_a_key_file_that_is_missing_short_or_no_file_is_named(self):
        expert = pathlib.Path(".expertsonly")
        server_files = (expert / "secretkey", expert / "noncekey", expert / "noncecounter")
        for file in server_files:
            for keys in self.spoilt_keys(file):
                self.assert_refused(TROUBLE, self.server_line(keydir=keys), str(file))
        for file in (*server_files, pathlib.Path("publickey")):
            for keys in self.spoilt_keys(file):
                self.assert_refused(TROUBLE, self.client_line(options=("-c", keys)), str(file))
        for keys in self.spoilt_keys(pathlib.Path("publickey")):
            self.assert_refused(TROUBLE, ["curvecpprintkey", keys], "publickey")

    def spoilt_keys(self, file):
        """Three copies of a key directory: one file is missing, too short, a directory."""
        for kind in ("missing", "short", "directory"):
            keys = self.temporary / f"{kind}-{file.name}"
            shutil.rmtree(keys, ignore_errors=True)
            shutil.copytree(self.server_keys[0], keys)
            spoilt = keys / file
            content = spoilt.read_bytes()
            spoilt.unlink()
            if kind == "short":
                spoilt.write_bytes(content[:-1])
            if kind == "directory":
                spoilt.mkdir()
            yield keys

    def test_a_key_directory_that_is_missing_is_named(self):
        for line in (self.server_line(keydir="/no/such/keys"),
                     self.client_line(options=("-c", "/no/such/keys")),
                     ["curvecpprintkey", "/no/such/keys"]):
            self.assert_refused(TROUBLE, line, "/no/such/keys")

    def test_keys_are_never_overwritten(self):
        directory = self.server_keys[0]
        secret = (directory / ".expertsonly/secretkey").read_bytes()
        self.assert_refused(TROUBLE, ["curvecpmakekey", directory], str(directory))
        self.assertEqual((directory / ".expertsonly/secretkey").read_bytes(), secret)

    def test_an_address_in_use_is_named(self):
        for family, ip in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family, socket.SOCK_DGRAM) as other:
                other.bind((ip, 0))
                port = other.getsockname()[1]
                self.assert_refused(TROUBLE, self.server_line(ip=ip, port=port), ip, str(port))

    def test_two_servers_never_share_an_address(self):
        server = self.serve("true")
        self.assert_refused(TROUBLE, self.server_line(port=server.port), str(server.port))

    def test_quiet_programs_print_no_errors(self):
        for line in (self.server_line(options=("-q",), keydir="/no/such/keys"),
                     self.client_line(options=("-q", "-c", "/no/such/keys"))):
            done = self.run_program(*line)
            self.assertEqual((done.returncode, done.stderr), (TROUBLE, ""))


class Accepted(OptionsCase):
    def test_options_may_be_grouped_and_ended(self):
        for options in (("-vv",), ("-qc5",), ("-c5",), ("-c", "5"), ("-q", "-c", "65535", "-Q"),
                        ("--",), ("-",), ("-v", "--"), ("-Qvc", "7", "-"), ("-c", "1", "-c", "9")):
            with self.subTest(server=options):
                server = self.serve("curvecpmessage", "cat", options=options)
                self.assertEqual(self.ask(server), "hello\n")
                server.end()

    def test_options_of_the_client_and_its_handler_may_be_grouped_and_ended(self):
        server = self.serve("curvecpmessage", "-q", "-s", "--", "cat")
        keys = str(self.client_keys[0])
        for options in (("-vv",), (f"-qc{keys}",), ("-c", keys), ("-Q", "--"), ("-",)):
            with self.subTest(client=options):
                self.assertEqual(self.ask(server, options=options), "hello\n")
        for options in (("-qC",), ("-c", "-C"), ("-C", "--"), ("-sC", "-")):
            with self.subTest(handler=options):
                done = self.connect(server, "curvecpmessage", *options, "sh", "-c",
                                    "echo hello >&7; exec 7>&-; cat <&6")
                self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)

    def test_the_last_option_of_a_kind_counts(self):
        loud = self.serve("curvecpmessage", "cat", options=("-q", "-v"))
        quiet = self.serve("curvecpmessage", "-q", "cat", options=("-v", "-q"))
        for server in (loud, quiet):
            self.ask(server)
            server.end()
        self.assertNotEqual(loud.log, "")
        self.assertEqual(quiet.log, "")

    def test_hex_digits_may_have_either_case(self):
        server = self.serve("curvecpmessage", "cat")
        self.assertEqual(self.ask(server, key=server.key.upper()), "hello\n")

    def test_what_follows_the_positions_is_passed_on_verbatim(self):
        rest = ["-v", "--", "-", "--help", "[a]", "", "a b", "-c", "--version", "x=y", "-C"]
        out = self.file("arguments")
        script = f'printf "%s\\n" "$@" >{out}'
        server = self.serve("curvecpmessage", "sh", "-c", script, "sh", *rest)
        done = self.connect(server, "curvecpmessage", "-c", "sh", "-c",
                            'printf "%s\\n" "$@"; cat <&6', "sh", *rest)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(), rest)
        self.assertEqual(out.read_text().splitlines(), rest)

    def test_the_key_tools_print_nothing_but_the_key(self):
        made = self.run_program("curvecpmakekey", self.temporary / "new")
        self.assertEqual((made.returncode, made.stdout, made.stderr), (0, "", ""))
        printed = self.run_program("curvecpprintkey", self.temporary / "new")
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        self.assertRegex(printed.stdout, r"\A[0-9a-f]{64}\n\Z")


if __name__ == "__main__":
    main()
