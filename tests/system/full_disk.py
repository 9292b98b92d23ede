"""A full disk, a read-only key directory, a limit on the size of files: at the start one clear line
and exit code 111, and nothing is left half made."""

import os
import resource
import subprocess

from injection import inject, strace_is_there
from suite import EXTENSION, NAME, PROGRAMS, Case, free_port, main

# In a mount namespace of its own, "$@" with nothing left to write on, or nowhere to write at all.
FULL = """mount -t tmpfs -o nr_inodes=6 tmpfs "$0" && cd "$0" || exit
"$@"; status=$?; ls -A >&2; exit $status"""
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


class Disk(Case):
    def mounted(self, script, directory, *words):
        """Runs them where the script has mounted something; a user needs a user namespace."""
        namespace = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)))
        if subprocess.run([*namespace, "true"], capture_output=True, timeout=10).returncode != 0:
            self.skipTest("no mount namespaces here")
        return self.run_it(*namespace, "sh", "-c", script, directory, *words)

    @staticmethod
    def run_it(*words, **how):
        return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=10, **how)

    @staticmethod
    def no_room():
        """No file may grow, as on a disk without room, and no signal says so."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def assert_no_start(self, done, *patterns):
        self.assertEqual((done.returncode, done.stdout), (111, ""), done.stderr)
        self.assert_one_line(done.stderr, "fatal: ", *patterns)

    def start(self, prefix=(), **how):
        """For a server, and a client with a key directory: the directory, and how to start it."""
        where = ("127.0.0.1", str(free_port()), EXTENSION, "curvecpmessage", "cat")
        keys, key = self.server_keys
        yield keys, lambda run: run(*prefix, PROGRAMS / "curvecpserver", NAME, keys, *where, **how)
        mine = self.client_keys[0]
        yield mine, lambda run: run(*prefix, PROGRAMS / "curvecpclient", "-c", mine, NAME, key,
                                    *where, **how)

    def test_no_key_directory_is_left_on_a_disk_that_has_no_room_for_it(self):
        full = self.temporary / "full"
        full.mkdir()
        done = self.mounted(FULL, full, PROGRAMS / "curvecpmakekey", "keys")
        self.assert_no_start(done, "cannot create keys/", "no space left")

    def test_no_key_directory_is_left_where_files_may_not_grow(self):
        keys = self.temporary / "new"
        done = self.run_it(PROGRAMS / "curvecpmakekey", keys, preexec_fn=self.no_room)
        self.assert_no_start(done, f"cannot create {keys}/publickey", "file too large")
        self.assertFalse(keys.exists())

    def test_a_read_only_key_directory_is_named_at_the_start(self):
        for keys, start in self.start():
            done = start(lambda *words, at=keys: self.mounted(READ_ONLY, at, *words))
            self.assert_no_start(done, f"cannot open {keys}/.expertsonly/", "read-only file system")

    def test_a_counter_that_cannot_be_written_is_named_at_the_start(self):
        for keys, start in self.start(preexec_fn=self.no_room):
            self.assert_no_start(start(self.run_it), "file too large",
                                 f"cannot write {keys}/.expertsonly/noncecounter")

    @strace_is_there
    def test_no_nonce_is_used_whose_reservation_is_not_on_disk(self):
        for call, error, told in (("pwrite64", "ENOSPC", "no space left"),
                                  ("pwrite64", "EDQUOT", "quota"),
                                  ("pwrite64", "EROFS", "read-only"),
                                  ("fsync", "EIO", "input/output")):
            for keys, start in self.start(inject(self.file("trace"), call, error, "1+1")):
                with self.subTest(call=call, error=error, keys=keys.name):
                    self.assert_no_start(start(self.run_it), f"{keys}/", told)


if __name__ == "__main__":
    main()
