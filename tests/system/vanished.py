"""Clients that vanish, at any moment and by the dozen: the server is rid of them in time, and those
who stay do not notice."""

import concurrent.futures
import os
import random
import signal
import time

from footprint import Footprint, children_and_zombies, wait_for_children
from suite import HABIT, Case, children, descendants, main, wait_until

# A stream service that has something to say for 8 s, and so notices that nobody answers.
TALKATIVE = ("curvecpmessage", "--timeout", "2", "sh", "-c",
             "for i in $(seq 80); do echo $i; sleep 0.1; done")
LISTENER = ("curvecpmessage", "-c", "sh", "-c", "exec cat <&6 >/dev/null")


class Connected(Case):
    def test_the_servers_slots_are_free_again_and_nobody_else_notices(self):
        server = self.serve(*TALKATIVE, options=("-c", "9"))
        before = Footprint(server)
        stays = self.hold(server, "curvecpmessage", "-c", "sh", "-c", "exec cat <&6")
        clients = [self.hold(server, *LISTENER) for _ in range(8)]
        wait_until(lambda: len(server.handlers()) == 9, 10, "all slots are taken")
        for number, client in enumerate(clients):  # half of them without a word of their kernel
            client.send_signal(signal.SIGSTOP if number % 2 else signal.SIGKILL)
        wait_until(lambda: len(children_and_zombies(server.pid)) <= 1, 6, "eight are given up")
        out, err = stays.communicate(timeout=20)
        self.assertEqual((stays.returncode, err), (0, ""))
        self.assertEqual(out.split(), [str(line) for line in range(1, 81)])
        wait_for_children(server)
        self.assertEqual(Footprint(server).descriptors, before.descriptors)
        for _ in range(9):
            self.hold(server, *LISTENER)
        wait_until(lambda: len(server.handlers()) == 9, 10, "all slots are taken again")

    def test_a_killed_client_takes_its_handler_and_program_along(self):
        server = self.serve("curvecpmessage", "cat")
        for handler in (("curvecpmessage", "-C", "sh", "-c", "echo a >&7; exec cat <&6"),
                        ("curvecpmessage", "-c", "sh", "-c", "exec cat <&6"), (*HABIT, "echo")):
            client = self.hold(server, *handler)
            wait_until(lambda: children(client.pid), 5, "the handler")
            wait_until(lambda: handler[0] != "curvecpmessage" or len(descendants(client.pid)) == 2,
                       5, "its program")
            client.kill()
            client.wait()
            servers = lambda: {server.pid, *descendants(server.pid)}
            wait_until(lambda: set(descendants(os.getpid())) <= servers(), 5,
                       f"no process is left of {handler}")

    def test_clients_that_are_killed_at_any_moment_of_their_start(self):
        server = self.serve(*TALKATIVE, options=("-c", "60"))
        dice = random.Random(7)
        before = Footprint(server)
        for _ in range(60):
            client = self.hold(server, *LISTENER)
            time.sleep(dice.uniform(0, 0.025))
            client.kill()
        wait_for_children(server, seconds=15)
        self.assertEqual(Footprint(server).descriptors, before.descriptors)
        client = self.hold(server, *LISTENER)
        wait_until(server.handlers, 5, "the server serves")


class HalfConnected(Case):
    """Clients that ask for a Cookie, get it, and never come back."""

    def vanish(self, server, times):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            done = set(pool.map(lambda _: self.connect(server, "true").returncode, range(times)))
        self.assertEqual(done, {0}, "a handler is started with the Cookie")

    def test_five_hundred_in_sequence_cost_the_server_nothing(self):
        server = self.serve(*HABIT, "echo", options=("-c", "1"))
        self.vanish(server, 50)
        before = Footprint(server)
        self.vanish(server, 500)
        after = Footprint(server)
        self.assertEqual(after.descriptors, before.descriptors)
        self.assertLessEqual(after.memory_kib - before.memory_kib, 24, "KiB more, 50 bytes each")
        asked = self.connect(server, *HABIT, "questions", 1)
        self.assertEqual((asked.returncode, asked.stderr), (0, ""))

    def test_eighty_at_once_take_no_slot(self):
        server = self.serve(*HABIT, "echo", options=("-c", "1"))
        clients = [self.hold(server, "sleep", "60") for _ in range(80)]
        wait_until(lambda: all(children(client.pid) for client in clients), 20, "80 Cookies")
        self.assertEqual(children_and_zombies(server.pid), [])
        asked = self.connect(server, *HABIT, "questions", 3)
        self.assertEqual((asked.returncode, asked.stderr), (0, ""))


if __name__ == "__main__":
    main()
