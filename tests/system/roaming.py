"""A client whose only address is replaced in mid-transfer keeps its connection, whichever side is
sending. In two network namespaces of the test's own, joined by a pair of virtual interfaces."""

import hashlib
import os
import subprocess
import time
import unittest

from suite import Case, main

SERVER_IP, FIRST_IP, SECOND_IP = "10.77.0.1", "10.77.0.2", "10.77.0.3"
PIECES, PIECE = 40, 250_000  # ten a second
# Sends the file $1 for four seconds, so that the middle is well defined.
SEND = f"""i=0; while [ $i -lt {PIECES} ]; do
    dd if="$1" bs={PIECE} skip=$i count=1 2>/dev/null; sleep 0.1; i=$((i + 1)); done"""


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, timeout=10)


class Roaming(Case):
    def setUp(self):
        super().setUp()
        self.near, self.far = f"curvecp{os.getpid()}n", f"curvecp{os.getpid()}f"
        for namespace in (self.near, self.far):
            made = ip("netns", "add", namespace)
            if made.returncode != 0:
                raise unittest.SkipTest(f"no network namespaces here: {made.stderr.strip()}")
            self.addCleanup(ip, "netns", "delete", namespace)
        self.must("link", "add", "near", "netns", self.near, "type", "veth", "peer", "name", "far",
                  "netns", self.far)
        self.must("-n", self.far, "address", "add", f"{SERVER_IP}/24", "dev", "far")
        self.must("-n", self.far, "link", "set", "far", "up")
        self.must("-n", self.near, "link", "set", "near", "up")
        self.must("-n", self.near, "address", "add", f"{FIRST_IP}/24", "dev", "near")
        self.original = self.temporary / "original"
        self.original.write_bytes(os.urandom(PIECES * PIECE))
        self.sum = hashlib.sha256(self.original.read_bytes()).hexdigest()

    def must(self, *words):
        done = ip(*words)
        self.assertEqual(done.returncode, 0, f"ip {' '.join(words)}: {done.stderr}")

    def replace_address(self):
        """For a moment there is no address, and no way to send at all."""
        self.must("-n", self.near, "address", "delete", f"{FIRST_IP}/24", "dev", "near")
        time.sleep(0.3)
        self.must("-n", self.near, "address", "add", f"{SECOND_IP}/24", "dev", "near")

    def transfer(self, server_script, client_script):
        """Runs both scripts with $1 the original and $2 a copy to be made; returns the client's
        output. The address is replaced after a second and a half."""
        copy = self.temporary / "copy"
        server = self.serve("curvecpmessage", "sh", "-c", server_script, "sh", self.original, copy,
                            ip=SERVER_IP, prefix=("ip", "netns", "exec", self.far),
                            options=("-v",))
        client = subprocess.Popen(
            ["ip", "netns", "exec", self.near,
             *self.client_command(server, "curvecpmessage", "-C", "sh", "-c", client_script, "sh",
                                  self.original, copy)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(client.kill)
        time.sleep(1.5)
        self.assertIsNone(client.poll(), "in mid-transfer")
        self.assertGreater(copy.stat().st_size, 0, "in mid-transfer")
        self.assertLess(copy.stat().st_size, PIECES * PIECE, "in mid-transfer")
        self.replace_address()
        out, err = client.communicate(timeout=60)
        self.assertEqual(client.returncode, 0, err)
        self.assertEqual(hashlib.sha256(copy.read_bytes()).hexdigest(), self.sum)
        return out

    def test_an_upload_survives(self):
        said = self.transfer('cat >"$2"; echo received', f"{{ {SEND}; }} >&7; exec 7>&-; cat <&6")
        self.assertEqual(said, "received\n")

    def test_a_download_survives(self):
        self.transfer(f"read -r go; {SEND}", 'echo go >&7; exec 7>&-; cat <&6 >"$2"')

    def test_both_ways_at_once_survive(self):
        said = self.transfer(f'{{ {SEND}; }} & cat >"$2"; wait',
                             f"{{ {SEND}; }} >&7 & exec 7>&-; sha256sum <&6; wait")
        self.assertEqual(said.split()[0], self.sum)


if __name__ == "__main__":
    main()
