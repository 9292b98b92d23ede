"""A program with secrets leaves no core, whatever it dies of and wherever cores go here."""

import os
import resource
import signal
import subprocess

from memory_case import MemoryCase, secrets_in
from process_memory import Snapshot
from suite import HANDLER, PROGRAMS, main, wait_until
from tracing import go_on, stopped_when

DEADLY = (signal.SIGABRT, signal.SIGSEGV)


def killed(process, number):
    """The status that a process ends with."""
    process.send_signal(number)
    status = os.waitpid(process.pid, 0)[1]
    process.returncode = os.waitstatus_to_exitcode(status)
    return status


class Cores(MemoryCase):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, (soft, hard))
        # Where a core's name has no directory it is written here.
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.temporary)
        control = subprocess.Popen(["sleep", "60"])
        if not os.WCOREDUMP(killed(control, signal.SIGABRT)):
            self.skipTest("nothing leaves a core here")
        self.cores = set(self.temporary.glob("core*"))
        self.known |= secrets_in(self.server_keys[0]) | secrets_in(self.client_keys[0])

    def assert_no_core(self, status):
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertFalse(os.WCOREDUMP(status), "the kernel says that it dumped a core")
        self.assertEqual(set(self.temporary.glob("core*")), self.cores)

    def test_of_a_server_or_a_client_with_a_connection(self):
        for number in DEADLY:
            server = self.serve(*HANDLER, "echo")
            client = self.hold(server, *HANDLER, "hold", options=("-c", self.client_keys[0]))
            wait_until(server.handlers, 5, "the connection")
            self.assert_no_core(killed(client, number))
            self.assert_no_core(killed(server.process, number))

    def test_of_a_client_without_a_server(self):
        server = self.serve(*HANDLER, "echo")
        server.process.send_signal(signal.SIGSTOP)
        client = self.hold(server, *HANDLER, "hold", options=("-vv", "-c", self.client_keys[0]))
        self.assertIn("Hello", client.stderr.readline())
        self.assert_no_core(killed(client, signal.SIGABRT))

    def test_of_a_key_that_is_being_made(self):
        directory = self.temporary / "new"
        secret = directory / ".expertsonly/secretkey"
        written = lambda: secret.exists() and secret.stat().st_size == 32
        with stopped_when(written, [PROGRAMS / "curvecpmakekey", directory]) as process:
            made = secret.read_bytes()
            self.assertTrue(Snapshot(process.pid).places(made), "it has its secrets in memory")
            self.assert_no_core(go_on(process, signal.SIGABRT))


if __name__ == "__main__":
    main()
