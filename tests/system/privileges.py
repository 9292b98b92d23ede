"""A server that gives up root: as whom it and its handlers run, and what handlers may use up."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

from suite import (EXTENSION, NAME, PROGRAMS, Case, children, free_port, is_bound, main,
                   wait_until)

USER, GROUP = 54321, 54322  # in no user database
AS_USER = ("-u", str(USER), "-g", str(GROUP))
USAGE, TROUBLE = 100, 111


def status(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


class PrivilegesCase(Case):
    def setUp(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can give up root")
        super().setUp()
        self.temporary.chmod(0o755)

    def give_keys(self, user=USER, group=GROUP):
        directory = self.server_keys[0]
        for path in (directory, *directory.rglob("*")):
            os.chown(path, user, group)

    def refused(self, *options, handler=("curvecpmessage", "cat")):
        """The one line of a server that does not start, and its exit status."""
        done = subprocess.run(
            [PROGRAMS / "curvecpserver", *options, NAME, self.server_keys[0], "127.0.0.1",
             str(free_port()), EXTENSION, *handler], capture_output=True, text=True, timeout=30)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.returncode, done.stderr


class Users(PrivilegesCase):
    def assert_is_user(self, pid, user=USER, group=GROUP, groups=()):
        """It binds its port before it becomes that."""
        wait_until(lambda: status(pid)["Uid"] == [str(user)] * 4, 30, "it is that user")
        found = status(pid)
        self.assertEqual(found["Gid"], [str(group)] * 4)
        self.assertEqual(found["Groups"], [str(each) for each in groups])
        for capabilities in ("CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(found[capabilities][0], 16), 0, capabilities)

    def test_server_and_handlers_are_that_user_and_nonces_can_be_written(self):
        self.give_keys()
        counter = self.server_keys[0] / ".expertsonly/noncecounter"
        before = counter.read_bytes()
        server = self.serve("curvecpmessage", "sh", "-c", "id -u; id -g; id -G; cat",
                            options=AS_USER)
        self.assertEqual(self.ask(server), f"{USER}\n{GROUP}\n{GROUP}\nhello\n")
        self.assert_is_user(server.pid)
        self.assertNotEqual(counter.read_bytes(), before)

    def test_a_user_by_name_has_its_groups(self):
        self.give_keys(65534, 65534)
        server = self.serve("curvecpmessage", "id", "-un", options=("-u", "nobody"))
        self.assertEqual(self.ask(server), "nobody\n")
        found = status(server.pid)
        expected = subprocess.run(["id", "-G", "nobody"], capture_output=True, text=True,
                                  check=True).stdout.split()
        self.assertEqual(sorted(found["Groups"]), sorted(expected))

    def test_a_port_that_only_root_may_have_is_bound_first(self):
        self.give_keys()
        namespace = f"curvecp{os.getpid()}p"
        made = subprocess.run(["ip", "netns", "add", namespace], capture_output=True, text=True)
        if made.returncode != 0:
            raise unittest.SkipTest(f"no network namespaces here: {made.stderr.strip()}")
        self.addCleanup(subprocess.run, ["ip", "netns", "delete", namespace])
        subprocess.run(["ip", "-n", namespace, "link", "set", "lo", "up"], check=True)
        inside = ("ip", "netns", "exec", namespace)
        server = self.serve("curvecpmessage", "cat", options=AS_USER, port=53, prefix=inside)
        self.assert_is_user(server.pid)
        command = self.client_command(server, "curvecpmessage", "-C", "--stdio")
        done = subprocess.run([*inside, *command], input="hello\n", capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)

    def test_a_key_directory_of_somebody_else_is_named(self):
        code, line = self.refused(*AS_USER)
        self.assertEqual(code, TROUBLE)
        self.assertRegex(line, f"{self.server_keys[0]}.*ermission denied.*user {USER}")
        self.give_keys()
        os.chown(self.server_keys[0] / ".expertsonly/noncecounter", 0, 0)
        code, line = self.refused(*AS_USER)
        self.assertEqual(code, TROUBLE)
        self.assertRegex(line, f"noncecounter.*ermission denied.*user {USER}")

    def test_who_is_not_root_may_become_nobody_else(self):
        self.give_keys()
        port = str(free_port())
        done = subprocess.run(
            ["setpriv", f"--reuid={USER}", f"--regid={GROUP}", "--clear-groups",
             PROGRAMS / "curvecpserver", "-u", "nobody", NAME, self.server_keys[0], "127.0.0.1",
             port, EXTENSION, "true"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, TROUBLE)
        self.assertRegex(done.stderr, "cannot become user .*not permitted")
        server = self.serve("curvecpmessage", "cat", options=AS_USER, prefix=(
            "setpriv", f"--reuid={USER}", f"--regid={GROUP}", "--clear-groups"))
        self.assertEqual(self.ask(server), "hello\n")

    def test_users_that_cannot_be_meant_are_named(self):
        for options, name in ((("-u", "no-such-user"), "no-such-user"), (("-u", "root"), "root"),
                              (("-u", str(USER)), str(USER)), (("-u", ""), "-u"),
                              (("-g", "nogroup"), "-g nogroup"),
                              (("-u", "nobody", "-g", "no-such-group"), "no-such-group")):
            code, line = self.refused(*options)
            self.assertEqual(code, USAGE, line)
            self.assertIn(name, line)


class Handlers(PrivilegesCase):
    def test_limits_are_the_handlers_and_not_the_servers(self):
        script = "ulimit -n; ulimit -Hn; ulimit -c; ulimit -t; ulimit -v"
        limits = [word for limit in ("files=99", "files=40", "core=0", "cpu=100", "memory=1G")
                  for word in ("--resource-limit", limit)]
        server = self.serve("curvecpmessage", "sh", "-c", script, options=limits)
        self.assertEqual(self.ask(server), "40\n40\n0\n100\n1048576\n")
        own = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
        self.assertRegex(own, r"Max cpu time\s+unlimited")

    def test_a_limit_on_processes_holds_for_a_user(self):
        self.give_keys()
        # The server's, the handler's, the shell's: it gets no fourth.
        for limit, said in ((3, ""), (30, "reached\n")):
            server = self.serve("curvecpmessage", "sh", "-c", "(true); echo reached",
                                options=(*AS_USER, "--resource-limit", f"processes={limit}"))
            self.assertEqual(self.output_of(server), said)
            server.end()

    def output_of(self, server):
        """Of a program that may fail."""
        script = "exec 7>&-; exec cat <&6"
        return self.connect(server, "curvecpmessage", "-C", "sh", "-c", script, limit=60).stdout

    def test_limits_that_cannot_be_meant_or_set_are_named(self):
        for bad in ("", "memory", "memory=", "disk=1", "cpu=1K", "files=-1"):
            code, line = self.refused("--resource-limit", bad)
            self.assertEqual(code, USAGE, line)
            self.assertIn(f"--resource-limit {bad}".strip(), line)
        self.give_keys()
        done = subprocess.run(
            ["setpriv", f"--reuid={USER}", f"--regid={GROUP}", "--clear-groups",
             "prlimit", "--nofile=200:200",
             PROGRAMS / "curvecpserver", "--resource-limit", "files=201", NAME,
             self.server_keys[0], "127.0.0.1", str(free_port()), EXTENSION, "true"],
            capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, TROUBLE)
        self.assertRegex(done.stderr, "--resource-limit files=201: only 200")

    def make_root(self):
        """A directory with what a handler needs: the programs are static."""
        root = self.temporary / "root"
        root.mkdir()
        for program in ("curvecpmessage", "curvecpprintkey"):
            shutil.copy(PROGRAMS / program, root)
        (root / "dev").mkdir()
        (root / "dev/null").touch()
        shutil.copytree(self.client_keys[0], root / "keys")
        for path in (root / "keys", *(root / "keys").rglob("*")):
            os.chown(path, USER, GROUP)
        return root

    def assert_confined(self, server):
        """The handler prints a key that is there inside alone."""
        self.assertEqual(self.output_of(server), self.client_keys[1] + "\n")

    def test_a_root_directory_is_the_handlers_alone(self):
        server = self.serve("/curvecpmessage", "/curvecpprintkey", "/keys",
                            options=("--chroot", self.make_root()))
        self.assert_confined(server)
        self.assertEqual(os.readlink(f"/proc/{server.pid}/root"), "/")

    def test_a_root_directory_that_is_none_is_named(self):
        for bad, code in (("/no/such/directory", TROUBLE), ("/etc/passwd", TROUBLE), ("", USAGE)):
            found, line = self.refused("--chroot", bad)
            self.assertEqual(found, code, line)
            self.assertIn(f"--chroot {bad}".strip(), line)

    def test_a_program_that_is_not_in_there_is_told_with_the_first_client(self):
        server = self.serve("/curvecpserver", options=("--chroot", self.make_root()))
        self.hold(server, "curvecpmessage", "-C", "true")
        wait_until(lambda: server.log, 30, "it is told")
        self.assertRegex(server.log, "error: program /curvecpserver: No such file")

    def test_a_handler_and_its_programs_are_a_process_group_that_ends_with_the_server(self):
        """Also what does not care for the end of its descriptors, nor for SIGTERM."""
        path = self.file("pids")
        script = f'trap "" TERM; echo $$ >>{path}; while :; do sleep 1; done'
        server = self.serve("sh", "-c", f"({script}) & echo $$ >>{path}; trap '' TERM; wait; sleep 60")
        self.hold(server, "curvecpmessage", "-C", "true")
        wait_until(lambda: len(self.lines_of(path)) == 2, 30, "both run")
        handler = children(server.pid)[0]
        self.assertEqual(os.getpgid(handler), handler)
        group = [int(entry.name) for entry in pathlib.Path("/proc").iterdir()
                 if entry.name.isdigit() and self.group_of(entry.name) == handler]
        self.assertGreaterEqual(len(group), 2)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(timeout=30), 0)
        wait_until(lambda: not any(self.group_of(pid) == handler for pid in group), 30,
                   "the whole group is gone")

    @staticmethod
    def group_of(pid):
        try:
            text = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = text.rpartition(")")[2].split()
        return None if fields[0] == "Z" else int(fields[2])


if __name__ == "__main__":
    main()
