"""--trace: what a sender writes down while it sends, and the picture that bench/trace.py makes of it."""

import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

from suite import HERE, Case, main, wait_until

SCRIPT = HERE.parent.parent / "bench/trace.py"
SVG = "{http://www.w3.org/2000/svg}"
SIZE = 20_000_000
COUNTERS = ("time_us", "acknowledged", "blocks", "sent_again", "lost", "spurious")
SIZES = ("window", "in_flight", "rtt_us", "smoothed_rtt_us", "least_rtt_us")


class Trace(Case):
    def traced(self, *options, size=SIZE):
        """A transfer's trace. The handler is not told the addresses: between those of one machine it
        has no use for a controller."""
        trace = self.file("trace")
        server = self.serve("env", "-u", "CURVECPLOCALIP", "curvecpmessage", "--trace", trace,
                            *options, "head", "-c", str(size), "/dev/zero")
        done = self.connect(server, "curvecpmessage", "-c", "--stdio", limit=60)
        self.assertEqual((done.returncode, len(done.stdout)), (0, size), done.stderr)
        wait_until(lambda: not server.handlers(), 30, "the sender has ended")
        return trace

    def picture(self, trace, *options):
        return subprocess.run([sys.executable, "-I", SCRIPT, trace, *map(str, options)],
                              capture_output=True, text=True, timeout=60)

    def test_each_line_is_json_and_tells_how_it_stood(self):
        for controller, first in (("bbr", "startup"), ("cubic", "slow start")):
            trace = self.traced("--congestion", controller)
            lines = [json.loads(line) for line in self.lines_of(trace)]
            trace.unlink()
            self.assertGreater(len(lines), 5)
            self.assertEqual(len({line["process"] for line in lines}), 1)
            self.assertEqual((lines[0]["event"], lines[0]["state"]), ("state", first))
            for before, line in zip(lines, lines[1:]):
                self.assertEqual(set(line), set(before))
                for name in COUNTERS:
                    self.assertGreaterEqual(line[name], before[name], name)
                for name in SIZES:
                    self.assertIsInstance(line[name], int)
                if line["state"] != before["state"]:
                    self.assertIn(line["event"], ("state", "end"))
            last = lines[-1]
            self.assertEqual(last["event"], "end")
            self.assertEqual(last["acknowledged"], SIZE + 1)  # the end counts as a byte
            self.assertGreaterEqual(last["blocks"], SIZE // 1024)
            self.assertLessEqual(last["sent_again"], last["blocks"])
            self.assertGreater(max(line["rate"] for line in lines), 0)
            self.assertGreater(max(line["in_flight"] for line in lines), 0)
            self.assertGreater(last["least_rtt_us"], 0)

    def test_the_picture_is_svg_with_a_curve_for_each_figure(self):
        trace = self.traced()
        self.traced(size=1000)  # in the same file
        done = self.picture(trace)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        picture = pathlib.Path(done.stdout.strip())
        self.assertEqual(picture, trace.with_name("trace.svg"))
        root = xml.etree.ElementTree.parse(picture).getroot()
        self.assertEqual(root.tag, f"{SVG}svg")
        curves = root.findall(f"{SVG}polyline")
        self.assertEqual(len(curves), 7)
        for curve in curves:
            self.assertGreater(len(curve.get("points").split()), 2)
        texts = [text.text for text in root.findall(f"{SVG}text")]
        self.assertIn("startup", texts)
        self.assertTrue(any(str(SIZE + 1) in text for text in texts), texts)
        self.assertEqual(self.picture(trace, self.file("other.svg")).returncode, 0)
        self.assertEqual(self.file("other.svg").read_text(), picture.read_text())

    def test_what_is_no_trace_is_told(self):
        for text, reason in (("", "nothing in it"), ("{}\n", "trace:1"), ("[1]\n", "trace:1"),
                             ("no json\n", "no json")):
            done = self.picture(self.file("trace", text))
            self.assertEqual(done.returncode, 1)
            self.assert_one_line(done.stderr, "trace.py", reason)
        done = self.picture(self.file("gone"))
        self.assert_one_line(done.stderr, "gone", "no such file")

    def test_a_file_that_cannot_be_written_is_told_and_ends_no_transfer(self):
        server = self.serve("curvecpmessage", "--trace", "/dev/full", "echo", "all")
        done = self.connect(server, "curvecpmessage", "-c", "--stdio")
        self.assertEqual((done.returncode, done.stdout), (0, "all\n"), done.stderr)
        self.assert_one_line(server.log, "cannot write the trace", "no space")

    def test_a_file_that_cannot_be_opened_is_told_at_the_start(self):
        server = self.serve("curvecpmessage", "cat")
        done = self.connect(server, "curvecpmessage", "-c", "--trace", "no/such/file", "true")
        self.assertEqual(done.returncode, 111)
        self.assert_one_line(done.stderr, "no/such/file", "no such file")


if __name__ == "__main__":
    main()
