"""Many connections: of 300, with 100 at once, none is lost and none stalls."""

import collections
import time

from suite import Case, main, wait_until

TOTAL, AT_ONCE, LONGEST = 300, 100, 20.0


class Many(Case):
    def test_none_of_300_connections_is_lost_or_stalls(self):
        server = self.serve("curvecpmessage", "cat", options=("-c", "4000"))
        waiting, running, slowest = list(range(TOTAL)), collections.deque(), 0.0
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                word = f"connection {waiting.pop()}"
                running.append((time.monotonic(), word, self.echo(server, word)))
            started, word, client = running.popleft()
            out, err = client.communicate(timeout=max(0.1, started + LONGEST - time.monotonic()))
            slowest = max(slowest, time.monotonic() - started)
            self.assertEqual((client.returncode, out), (0, word + "\n"), err)
        print(f"slowest of {TOTAL}: {slowest:.2f} s", flush=True)
        wait_until(lambda: not server.handlers(), 5, "all handlers are gone")

    def echo(self, server, word):
        return self.hold(server, "curvecpmessage", "-C", "sh", "-c",
                         'printf "%s\\n" "$0" >&7; exec 7>&-; exec cat <&6', word)


if __name__ == "__main__":
    main()
