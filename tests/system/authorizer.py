"""Who is asked about clients: what it is asked, what its answers do, and that nobody waits for it
but the client that is asked about."""

import json
import os
import socket
import threading

from access import PATIENCE, AccessCase
from suite import NAME, main, wait_until

SAY_WHO = ("curvecpmessage", "sh", "-c", 'read -r line; echo "$line: $CURVECPREMOTENAME $GROUP"')


class Authorizer:
    """Answers each question with the next of `answers`, the last one for ever; None is silence."""

    def __init__(self, case, *answers):
        self.path = case.temporary / "authorizer"
        self.answers, self.questions, self.silent = list(answers), [], []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(self.path))
        self.socket.listen()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        case.addCleanup(self.end)

    def run(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            self.questions.append(json.loads(connection.makefile().readline()))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer is None:
                self.silent.append(connection)
                continue
            text = answer if isinstance(answer, str) else json.dumps(answer)
            connection.sendall(text.encode() + b"\n")
            connection.close()

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
        for connection in self.silent:
            connection.close()


class Answers(AccessCase):
    def serve_asking(self, authorizer, *handler, options=()):
        return self.serve(*(handler or SAY_WHO), options=(
            "-v", "--explain-refusal", "--authorizer", f"unix:{authorizer.path}", *options))

    def test_whom_it_allows_is_let_in_with_a_name_and_variables(self):
        authorizer = Authorizer(
            self, {"answer": "allow", "name": "Alice", "env": {"GROUP": "staff"}})
        server = self.serve_asking(authorizer)
        self.assertEqual(self.ask(server, "who", options=self.as_friend()), "who: Alice staff\n")
        [question] = authorizer.questions
        self.assertEqual((question["v"], question["key"], question["address"], question["server"]),
                         (1, self.client_keys[1], "127.0.0.1", NAME))
        self.assertIn(question["port"], range(1, 65536))

    def test_whom_it_refuses_is_refused_at_once(self):
        server = self.serve_asking(Authorizer(self, {"answer": "refuse"}))
        self.assert_refused_at_once(server)
        self.await_log(server, "refused 127.0.0.1", "the authorizer refused")
        self.assertEqual(server.handlers(), [])

    def test_an_answer_that_is_none_refuses(self):
        for answer in ("", "allow", '{"answer":"allow"', '{"answer":"allow","more":"x"}', "x" * 20000):
            with self.subTest(answer[:40]):
                authorizer = Authorizer(self, answer)
                server = self.serve_asking(authorizer)
                self.assert_refused_at_once(server)
                self.await_log(server, "error: limit: the authorizer gave no answer")
                server.end()
                authorizer.end = lambda: None
                authorizer.socket.shutdown(socket.SHUT_RDWR)
                authorizer.path.unlink()

    def test_after_not_now_the_clients_next_try_passes(self):
        authorizer = Authorizer(self, {"answer": "not now"}, {"answer": "allow"})
        server = self.serve_asking(authorizer)
        self.assertEqual(self.ask(server, "who"), "who:  \n")
        self.assertEqual(len(authorizer.questions), 2)

    def test_where_nobody_listens_everybody_is_refused(self):
        server = self.serve(*SAY_WHO, options=("--explain-refusal", "--authorizer",
                                               f"unix:{self.temporary}/nobody"))
        self.assert_refused_at_once(server)
        self.await_log(server, "error: limit: the authorizer gave no answer")

    def test_who_is_silent_refuses_in_the_end_and_delays_nobody_else(self):
        authorizer = Authorizer(self, None)
        keys = self.keys_file(self.client_keys[1])
        server = self.serve_asking(authorizer, options=("--authorized-keys", keys))
        asked = self.hold(server, "curvecpmessage", "-C", "--stdio")
        wait_until(lambda: authorizer.questions, PATIENCE, "the authorizer is asked")
        # A key in the file is not asked about, and does not wait for who is.
        self.assertEqual(self.ask(server, "who", options=self.as_friend()), "who:  \n")
        self.assertEqual(asked.wait(PATIENCE), 111)
        self.await_log(server, "error: limit: the authorizer gave no answer")
        self.assertEqual(len(authorizer.questions), 1)


if __name__ == "__main__":
    main()
