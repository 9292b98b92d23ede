"""The systemd unit: systemd accepts it and calls its sandbox tight, and its command lines make a
service of the example's configuration."""

import collections
import os
import re
import shlex
import shutil
import subprocess
import unittest

from package import DOCUMENTS, UNIT, PackageCase, output_of
from suite import free_port, is_bound, main, wait_until

# Tenths of systemd's points for what a service could do to the machine, from 0 to 100. What is left:
# the host's network, Unix sockets, the host's files (most of them read-only) and the clock's device.
EXPOSURE = 11
# What a looser unit needs no word about: it is empty, or means nothing without another line.
NOT_LOOSENED = {"AmbientCapabilities", "SystemCallErrorNumber"}


def settings(text):
    """The values of each setting of a unit."""
    found = collections.defaultdict(list)
    for key, value in re.findall(r"^(\w+)=(.*)$", text, re.M):
        found[key].append(value)
    return found


def variables(text):
    """Those of an environment file."""
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.M))


def expand(word, environment):
    """What systemd makes of a word of a command line."""
    if alone := re.fullmatch(r"\$(\w+)", word):
        return shlex.split(environment[alone[1]])
    return [re.sub(r"\$\$|\$\{(\w+)\}",
                   lambda found: environment[found[1]] if found[1] else "$", word)]


class UnitCase(PackageCase):
    def setUp(self):
        super().setUp()
        self.unit = self.text(UNIT)
        self.override = self.text(f"{DOCUMENTS}/examples/sshd-override.conf")


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
class Systemd(UnitCase):
    def analyze(self, *arguments):
        done = subprocess.run(["systemd-analyze", *arguments], timeout=60, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True)
        return done.returncode, done.stdout + done.stderr

    def file_of(self, name, text):
        """A unit file, whose programs are where the package was unpacked."""
        return self.file(name, text.replace("/usr/bin/", f"{self.root}/usr/bin/"))

    def test_systemd_accepts_the_unit(self):
        unit = self.file_of("curvecpserver@.service", self.unit)
        self.assertEqual(self.analyze("verify", "--man=no", unit), (0, ""))

    def test_systemd_accepts_the_override_for_sshd(self):
        unit = self.file_of("curvecpserver@sshd.service", self.unit)
        folder = self.file("curvecpserver@sshd.service.d")
        folder.mkdir()
        (folder / "override.conf").write_text(self.override)
        self.assertEqual(self.analyze("verify", "--man=no", unit), (0, ""))

    def test_the_sandbox_leaves_little_open(self):
        unit = self.file_of("curvecpserver@.service", self.unit)
        status, shown = self.analyze("security", "--offline=true", f"--threshold={EXPOSURE}", unit)
        self.assertEqual(status, 0, shown)


class Files(UnitCase):
    def test_each_service_has_a_user_of_its_own(self):
        self.assertEqual(settings(self.unit)["DynamicUser"], ["yes"])
        self.assertIn("%i", settings(self.unit)["User"][0])

    def test_the_override_for_sshd_loosens_every_part_of_the_sandbox(self):
        sandbox = settings(self.unit[self.unit.index("\n# The sandbox"):self.unit.index("[Install]")])
        self.assertEqual(set(sandbox) - set(settings(self.override)), NOT_LOOSENED)

    def test_the_variables_of_a_service_are_explained(self):
        used = set(re.findall(r"\$\{?([A-Z]+)\}?", "".join(settings(self.unit)["ExecStart"])))
        explained = re.findall(r"^    ([A-Z]+)  +", self.text(f"{DOCUMENTS}/README.Debian"), re.M)
        self.assertEqual(sorted(explained), sorted(used))

    def test_the_examples_set_what_has_no_default(self):
        defaults = settings(self.unit)["Environment"][0]
        used = re.findall(r"\$\{?([A-Z]+)\}?", settings(self.unit)["ExecStart"][0])
        needed = {name for name in used if f"{name}=" not in defaults}
        for example in ("echo.conf", "sshd.conf"):
            self.assertEqual(set(variables(self.text(f"{DOCUMENTS}/examples/{example}"))), needed)


class Service(UnitCase):
    def setUp(self):
        super().setUp()
        self.state = self.temporary / "state"
        self.programs = self.root / "usr/bin"
        self.environment = {**os.environ, **self.defaults(),
                            **variables(self.text(f"{DOCUMENTS}/examples/echo.conf")),
                            "PATH": f"{self.programs}:/usr/bin:/bin", "PORT": str(free_port())}
        (self.state / self.setting("StateDirectory")).mkdir(parents=True)

    def setting(self, name):
        """One that the unit has once, for the instance echo."""
        value, = settings(self.unit)[name]
        return value.replace("%S", str(self.state)).replace("%i", "echo")

    def defaults(self):
        return dict(word.split("=", 1) for word in shlex.split(self.setting("Environment")))

    def command(self, name):
        line = self.setting(name).replace("/usr/bin/", f"{self.programs}/")
        return [part for word in shlex.split(line) for part in expand(word, self.environment)]

    def prepare(self):
        """Returns the public key that there is when the service starts."""
        subprocess.run(self.command("ExecStartPre"), env=self.environment, check=True, timeout=20)
        return output_of(self.programs / "curvecpprintkey", self.environment["KEYDIR"]).strip()

    def start(self):
        process = subprocess.Popen(
            self.command("ExecStart"), env=self.environment, cwd=self.setting("WorkingDirectory"),
            stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: is_bound(process.pid, int(self.environment["PORT"])), 10,
                   "the server binds its port")

    def ask(self, key):
        """What the service answers to a client."""
        return output_of(
            self.programs / "curvecpclient", self.environment["NAME"], key, "127.0.0.1",
            self.environment["PORT"], self.environment["EXTENSION"],
            self.programs / "curvecpmessage", "-C", "--stdio", input="hello\n")

    def test_the_keys_of_the_first_start_stay(self):
        self.assertEqual(self.prepare(), self.prepare())

    def test_keys_are_where_the_service_may_write(self):
        self.prepare()
        self.assertTrue((self.state / self.setting("StateDirectory") / "key/publickey").exists())

    def test_the_example_is_a_service(self):
        key = self.prepare()
        self.start()
        self.assertEqual(self.ask(key), "hello\n")

    def test_options_reach_the_server_word_by_word(self):
        self.environment["OPTIONS"] = "-v -c 7"
        self.assertEqual(self.command("ExecStart")[1:5], ["-v", "-c", "7", "echo.example"])

    def test_quotes_keep_words_of_a_program_together(self):
        self.environment["PROGRAM"] = "curvecpmessage sh -c 'echo hello'"
        self.assertEqual(self.command("ExecStart")[-2:], ["-c", "echo hello"])


if __name__ == "__main__":
    main()
