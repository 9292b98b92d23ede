"""Real programs under the superserver: git and ssh, with our client and with the reference's."""

import getpass
import hashlib
import os
import shlex
import subprocess
import sys
import unittest

from suite import HERE, PROGRAMS, Case, main

sys.path.insert(0, str(HERE.parent / "interop"))
import reference  # noqa: E402  (it lives with the interoperability tests)

# Joins descriptors 6 and 7 with 0 and 1, which our own handler does with --stdio.
JOIN = """#!/bin/sh
exec 3<&0
cat <&3 >&7 &
exec 7>&- 3<&-
exec cat <&6
"""


class Services(Case):
    def reference_programs(self):
        try:
            return reference.unpack(PROGRAMS.parent / "tests/interop/reference")
        except reference.Unavailable as error:
            raise unittest.SkipTest(f"the reference's tools: {error}") from error

    def ours(self, server, mode):
        """The words of a command whose standard input and output are the service's stream."""
        return self.client_command(server, "curvecpmessage", mode, "--stdio")

    def theirs(self, server, mode):
        programs = self.reference_programs()
        join = self.file("join", JOIN)
        join.chmod(0o755)
        return self.client_command(server, programs / "curvecpmessage", mode, join,
                                   programs=programs)


class Git(Services):
    def setUp(self):
        super().setUp()
        self.work = self.temporary / "work"
        self.git("init", "--quiet", "--initial-branch=main", self.work)
        content = os.urandom(1_000_000)
        (self.work / "file").write_bytes(content)
        self.git("-C", self.work, "add", "file")
        self.git("-C", self.work, "-c", "user.name=a", "-c", "user.email=a@test.example", "commit",
                 "--quiet", "--message=first")
        self.sum = hashlib.sha256(content).hexdigest()
        self.server = self.serve("curvecpmessage", "git", "daemon", "--inetd", "--export-all",
                                 f"--base-path={self.temporary}", environment=self.environment())

    def environment(self):
        """No configuration but this; the repository may belong to anybody."""
        return {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
                "HOME": str(self.temporary)}

    def git(self, *arguments):
        done = subprocess.run(["git", *map(str, arguments)], env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def assert_clones(self, command):
        words = " ".join(str(word).replace("%", "%%").replace(" ", "% ") for word in command)
        copy = self.temporary / "copy"
        self.git("-c", "protocol.ext.allow=always", "clone", "--quiet", f"ext::{words} %G/work", copy)
        self.assertEqual(hashlib.sha256((copy / "file").read_bytes()).hexdigest(), self.sum)

    def test_git_clones_through_our_client(self):
        self.assert_clones(self.ours(self.server, "-C"))

    def test_git_clones_through_the_references_client(self):
        self.assert_clones(self.theirs(self.server, "-C"))


class Ssh(Services):
    def setUp(self):
        super().setUp()
        if not os.path.isdir("/run/sshd"):
            if os.geteuid() != 0:
                self.skipTest("sshd wants a directory /run/sshd, which only root can make")
            os.mkdir("/run/sshd", 0o755)
        for key in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            self.temporary / key], check=True, timeout=20)
        public = (self.temporary / "user.pub").read_text()
        self.file("authorized", public)
        self.file("known", "service " + (self.temporary / "host.pub").read_text())
        self.file("sshd_config", f"""
            HostKey {self.temporary}/host
            AuthorizedKeysFile {self.temporary}/authorized
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin yes
            """)
        self.server = self.serve("curvecpmessage", "/usr/sbin/sshd", "-i", "-e", "-f",
                                 self.temporary / "sshd_config")

    def ssh(self, proxy, command, data):
        return subprocess.run(
            ["ssh", "-F", "none", "-o", f"ProxyCommand={shlex.join(map(str, proxy))}",
             "-o", f"UserKnownHostsFile={self.temporary}/known", "-o", "StrictHostKeyChecking=yes",
             "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-i", self.temporary / "user",
             f"{getpass.getuser()}@service", command],
            input=data, capture_output=True, timeout=60)

    def assert_logs_in(self, proxy):
        data = os.urandom(1_000_000)
        done = self.ssh(proxy, "sha256sum; exit 7", data)
        self.assertEqual(done.returncode, 7, done.stderr + self.server.log.encode())
        self.assertEqual(done.stdout.split()[0].decode(), hashlib.sha256(data).hexdigest())

    def test_ssh_runs_a_command_through_our_client(self):
        self.assert_logs_in(self.ours(self.server, "-c"))

    def test_ssh_runs_a_command_through_the_references_client(self):
        self.assert_logs_in(self.theirs(self.server, "-c"))


if __name__ == "__main__":
    main()
