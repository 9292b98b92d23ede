"""`./run bench` measures what it says, and leaves nothing behind, also when it is interrupted."""

import json
import os
import re
import signal
import subprocess
import sys

from suite import Case, HERE, PROGRAMS, descendants, main, wait_until

BENCH = HERE.parent.parent / "bench/bench.py"
ROLES = ("server", "server's handler", "client", "client's handler", "programs")
# Between which bounds the figures of any machine are.
PLAUSIBLE = {"MB/s": (0.5, 50_000), "s/GB": (0, 1000), "1/s": (0.5, 50_000), "ms": (0.01, 10_000),
             "us": (1, 1_000_000), "kB": (-100, 10_000), "ns": (50, 1_000_000), "ms/s": (0, 2000), "%": (0, 0),
             "% of mean": (1, 100)}


class Bench(Case):
    def bench(self, *options):
        process = subprocess.Popen(
            [sys.executable, "-B", BENCH, "--programs", PROGRAMS, "--results", self.temporary / "results",
             "--peers", "ours", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "TMPDIR": str(self.file("stages"))})
        self.addCleanup(self.end_held, process)
        return process

    def setUp(self):
        super().setUp()
        self.file("stages").mkdir()

    def test_every_figure_is_in_the_table_and_in_json_and_plausible(self):
        # All but the flood, which keeps both processors busy: what it measures is anything then.
        process = self.bench("--quick", "bulk", "streams", "connect", "echo", "idle", "packets")
        table, complaints = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, complaints)
        saved, = (self.temporary / "results").iterdir()
        told = json.loads(saved.read_text())
        self.assertEqual(told["failures"], [])
        values = {figure["name"]: figure["peers"]["ours"]["median"] for figure in told["figures"]}
        rows = {name: cells for name, *cells in (re.split("  +", line) for line in table.splitlines())}
        for figure in told["figures"]:
            with self.subTest(figure["name"]):
                unit, median = rows.get(figure["name"], ("", ""))[:2]
                self.assertEqual(unit, figure["unit"])
                self.assertRegex(median, r"^-?\d")
                least, most = PLAUSIBLE[figure["unit"]]
                self.assertTrue(least <= values[figure["name"]] <= most, values[figure["name"]])
        self.check_sums(values)
        self.assert_nothing_is_left()

    def check_sums(self, values):
        for way in ("download", "upload", "4 at once"):
            parts = [values[f"{way}: CPU of {role}"] for role in ROLES]
            self.assertTrue(all(part > 0 for part in parts), parts)
            self.assertAlmostEqual(sum(parts), values[f"{way}: CPU"], delta=0.01)
        for name in values:
            if name.endswith("p50"):
                self.assertLessEqual(values[name], values[name[:-3] + "p99"], name)

    def test_an_interrupted_bench_leaves_nothing_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.bench("idle")
                # A server, a crowd, and some clients and handlers of both sides.
                wait_until(lambda: len(descendants(process.pid)) > 30, 20, "the bench is in full swing")
                process.send_signal(number)
                _, complaints = process.communicate(timeout=20)
                self.assertEqual(process.returncode, 130, complaints)
                self.assert_nothing_is_left()

    def assert_nothing_is_left(self):
        self.assertEqual(descendants(os.getpid()), [])
        self.assertEqual(list(self.file("stages").iterdir()), [])


if __name__ == "__main__":
    main()
