"""A thousand connections, however they end, leave nothing behind: no descriptor, no process, no
slot, no memory, no share of what is scarce."""

import concurrent.futures

from footprint import Footprint
from suite import HABIT, Case, main, wait_until

TIMES, WORKERS = 1000, 2
# A pipe that is opened anew blocks. Both handlers wait for the other's message.
CLIENT = 'printf "\\001%16s" x >&9; exec head -c 17 </proc/self/fd/8 >/dev/null'
# Answers, and ends in one of four ways.
SERVER = """head -c 17 </proc/self/fd/8 >&9
case $((CURVECPCONNID % 4)) in
    0) exit 0 ;;
    1) exit 3 ;;
    2) kill -9 $$ ;;
    3) printf "\\000" >&9; exit 0 ;;
esac"""


class Leaks(Case):
    def connect_in_sequence(self, server, times):
        def once(_):
            done = self.connect(server, "sh", "-c", CLIENT)
            return done.returncode, done.stderr
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            outcomes = set(pool.map(once, range(times)))
        self.assertEqual(outcomes, {(0, "")})

    def assert_nothing_left(self, server, before, memory_kib):
        after = Footprint(server)
        self.assertEqual(after.descriptors, before.descriptors)
        self.assertLessEqual(after.memory_kib - before.memory_kib, memory_kib, "KiB more")

    def test_a_thousand_connections_leave_nothing_behind(self):
        # A slot that is not freed would be missed after fifty.
        server = self.serve("sh", "-c", SERVER, options=("-c", "50"))
        self.connect_in_sequence(server, 100)
        before = Footprint(server)
        self.connect_in_sequence(server, TIMES)
        # 64 bytes for each. The cookies that were used must be remembered for two minutes: that
        # are up to 24 of them.
        self.assert_nothing_left(server, before, memory_kib=64 * TIMES // 1024)
        self.assertEqual(server.log, "")

    def test_a_thousand_handlers_that_cannot_be_started_leave_nothing_behind(self):
        program = self.file("handler", "#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
        server = self.serve(program, options=("-vv", "-c", "1"))
        refused = lambda: server.log.count("message handler not started")
        program.unlink()
        self.send_initiates(server, 2 * TIMES)  # so that its buffers have met a burst
        grown = []
        # What leaks is lost each time; a buffer may still meet a longer burst.
        for _ in range(3):
            before, wanted = Footprint(server), refused() + TIMES
            # Not at once: of so many strangers most are dropped.
            for _ in range(100):
                self.send_initiates(server, 200)
                if refused() >= wanted:
                    break
            self.assertGreaterEqual(refused(), wanted)
            after = Footprint(server)
            self.assertEqual(after.descriptors, before.descriptors)
            grown.append(after.memory_kib - before.memory_kib)
        self.assertLessEqual(min(grown), 64, f"KiB more in the three times: {grown}")

    def send_initiates(self, server, count):
        """Each message goes out in one, until the server answers."""
        done = self.connect(server, "sh", "-c", 'i=0; while [ $i -lt "$0" ]; do '
                            'printf "\\001%16s" x >&9; i=$((i + 1)); done', count)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_share_of_large_pipes_ends_with_the_connection(self):
        """Few pipes may be large at the same time: the last of many floods gets one, too."""
        sizes = self.file("sizes")
        server = self.serve(*HABIT, "until_large", sizes)
        for number in range(1, 19):
            client = self.hold(server, *HABIT, "flood", 2000, 640)
            wait_until(lambda: len(self.lines_of(sizes)) == number, 10, f"flood {number}")
            client.kill()
        self.assertGreater(min(map(int, self.lines_of(sizes))), 65536)


if __name__ == "__main__":
    main()
