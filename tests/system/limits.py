"""What a server cannot get from the system it says once, and does without: whoever is connected
stays, whoever comes is served as soon as there is room again. And what no program can start without
is one clear line."""

import pathlib
import resource
import subprocess
import time

from endpoint import Endpoint
from forged_client import ForgedClient
from injection import CLIENT, DATA, SERVICE, Bystander, FaultCase, inject
from suite import EXTENSION, NAME, PROGRAMS, cpu_seconds, free_port, main, wait_until

UNLIMITED = resource.RLIM_INFINITY
MOST_CLIENTS = 1500  # the memory is used up long before


class Limits(FaultCase):
    def limit(self, server, which, value):
        resource.prlimit(server.pid, which, (value, resource.prlimit(server.pid, which)[1]))

    def waiting_client(self, server):
        """One that has long to wait, and what it says at last."""
        client = self.hold(server, *CLIENT[:2], "--timeout", "30", *CLIENT[4:],
                           stdin=subprocess.PIPE)
        client.stdin.write(DATA[:20_000])
        client.stdin.close()
        client.stdin = None
        return client

    def assert_served(self, client):
        out, err = client.communicate(timeout=30)
        self.assertEqual((client.returncode, out), (0, DATA[:20_000]), err)

    @staticmethod
    def connect_by_hand(server, endpoint):
        """A client that costs this machine nothing but the server's part."""
        client = ForgedClient(bytes.fromhex(server.key), bytes.fromhex(EXTENSION), server.name)
        endpoint.send(client.hello())
        client.accept_cookie(endpoint.receive())
        endpoint.send(client.initiate(client.introduction(bytes(192))))

    def assert_waits_quietly(self, client, server, pattern):
        """It has said why, once, and nothing turns in circles."""
        wait_until(lambda: server.log, 10, "the server says what it lacks")
        before = cpu_seconds(server.pid)
        time.sleep(1.5)  # the client asks again and again
        self.assertIsNone(client.poll(), "it waits")
        self.assertLess(cpu_seconds(server.pid) - before, 0.5)
        self.assert_one_line(server.log, pattern)

    def test_a_server_out_of_descriptors_serves_on_and_lets_in_when_there_are_some(self):
        server = self.serve(*SERVICE)
        bystander = Bystander(self, server)
        allowed = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)[0]
        self.limit(server, resource.RLIMIT_NOFILE, 16)  # it has more
        client = self.waiting_client(server)
        self.assert_waits_quietly(client, server, "curvecpserver: error: .* too many open files")
        bystander.ask()
        self.limit(server, resource.RLIMIT_NOFILE, allowed)
        self.assert_served(client)
        bystander.ask()

    def test_a_server_whose_program_is_gone_serves_on_and_lets_in_when_it_is_back(self):
        program = self.file("service", '#!/bin/sh\nexec curvecpmessage --timeout 3 cat\n')
        program.chmod(0o755)
        server = self.serve(program)
        bystander = Bystander(self, server)
        program.chmod(0o644)
        client = self.waiting_client(server)
        self.assert_waits_quietly(client, server, f"curvecpserver: error: program {program}: perm")
        bystander.ask()
        program.chmod(0o755)
        self.assert_served(client)

    def test_a_server_out_of_memory_keeps_whom_it_has_and_goes_on_when_there_is_some(self):
        for more in (0, 11 * 4096):  # no stack to start a handler with; one, and nothing else
            with self.subTest(more=more):
                server = self.serve("sh", "-c", 'mkdir "$0" && exec "$@"; exec sleep 30',
                                    self.temporary / f"first-{more}", *SERVICE,
                                    options=("-c", "1000"))
                bystander = Bystander(self, server)
                size = int(pathlib.Path(f"/proc/{server.pid}/statm").read_text().split()[0])
                self.limit(server, resource.RLIMIT_AS, size * resource.getpagesize() + more)
                endpoint = Endpoint(self, (server.ip, server.port))
                for _ in range(MOST_CLIENTS):
                    self.connect_by_hand(server, endpoint)
                    if "memory" in server.log:
                        break
                self.assertIn("memory", server.log)
                bystander.ask()
                self.limit(server, resource.RLIMIT_AS, UNLIMITED)
                started = len(server.handlers())
                self.connect_by_hand(server, endpoint)
                wait_until(lambda: len(server.handlers()) > started, 10, "another is served")
                bystander.ask()
                errors = [line for line in server.log.splitlines() if "curvecpserver" in line]
                self.assertEqual(len(errors), 1, server.log)
                server.end()


class Starts(FaultCase):
    def assert_no_start(self, call, error, pattern, *words):
        with self.subTest(call=call, error=error):
            trace = self.file("trace")
            done = subprocess.run([*inject(trace, call, error, "1+1"), *words],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=10)
            self.assertEqual(done.returncode, 111, done.stderr)
            self.assert_one_line(done.stderr, pattern)
            self.assertEqual(done.stdout, "")

    def test_what_a_program_cannot_start_without_is_one_line_and_exit_111(self):
        keys, key = self.server_keys
        where = ("127.0.0.1", str(free_port()), EXTENSION, "curvecpmessage", "cat")
        server = (PROGRAMS / "curvecpserver", NAME, keys, *where)
        client = (PROGRAMS / "curvecpclient", NAME, key, *where)
        for words in (server, client):
            self.assert_no_start("socket", "EMFILE", "fatal: cannot use ipv4: too many", *words)
            self.assert_no_start("bind", "EPERM", "fatal: cannot bind .* not permitted", *words)
            self.assert_no_start("epoll_create1", "ENFILE", "fatal: cannot create an event loop",
                                 *words)
            self.assert_no_start("timerfd_create", "EMFILE", "fatal: cannot create a timer", *words)
            self.assert_no_start("eventfd2,pipe2", "EMFILE", "fatal: .* too many open files",
                                 *words)
        self.assert_no_start("mmap", "ENOMEM", "fatal: out of memory", *client)  # static


if __name__ == "__main__":
    main()
