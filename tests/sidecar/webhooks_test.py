#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whom webhooks may call: the address behind a name, at the moment of the call, and nobody else's."""
import http.server
import socket
import unittest

from client import *
from names import names_or_skip

options = None
PUBLIC = "93.184.215.14"


class Listener:
    """Counts who connects, and keeps what was posted."""

    def __init__(self):
        self.connections, self.bodies = 0, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.bodies.append((self.headers["Host"], json.loads(self.rfile.read(
                    int(self.headers["Content-Length"])))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        class Counting(http.server.ThreadingHTTPServer):
            def process_request(self, request, address):
                outer.connections += 1
                super().process_request(request, address)

        self.server = Counting(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Addresses(unittest.TestCase):
    def test_literals(self):
        """In every way of writing them."""
        later = {}
        with Server(options) as one:
            for host in ("127.0.0.1", "127.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0177.0.0.1", "10.0.0.1",
                         "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "[::1]", "[::]", "[fe80::1]",
                         "[fd00::1]", "[fd00:ec2::254]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
                         "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]", "localhost", "LOCALHOST", "localhost.",
                         "a.localhost", "metadata.google.internal", "224.0.0.1", "255.255.255.255", "x@127.0.0.1",
                         "127.0.0.1%00.example", "[fe80::1%25lo]"):
                answer = one.post("/run", {"input": {"operation": "none"}, "webhook": "http://%s:1/" % host})
                if answer.status == 200:
                    later[answer.json["id"]] = host
                else:
                    self.assertEqual((answer.status, answer.json["error"]), (400, "Invalid value for webhook"), host)
            # Told apart from a name only when it is looked up: it stands for no address, or for none
            # that may be called.
            one.until(lambda: all("job %s: webhook failed" % job in one.read_log() for job in later), 60, "their ends")
            for job, host in later.items():
                self.assertRegex(one.read_log(), "job %s: webhook failed: (its address may not be called|Error resolving)"
                                 % job, host)
            print("  looked up:", ", ".join(later.values()))

    def names(self, answers, expected, *flags):
        """A webhook to a name that is looked up again and again; what the log says of its end."""
        with names_or_skip(self) as names, Listener() as listener:
            names.stand_for(*answers)
            with Server(options, "--webhook-retry-seconds", "1", *flags, environment=names.environment) as one:
                job = one.run(tts("Hi."), webhook="http://somebody.test:%d/hook" % listener.port)
                one.wait(job)
                one.until(lambda: "job %s: webhook %s" % (job, expected) in one.read_log(), 30, expected)
                time.sleep(2.5)   # time for another try
            return listener

    def test_a_name_that_may_be_called(self):
        """That the names of these tests are looked up at all."""
        listener = self.names(["127.0.0.1"], "delivered", "--webhooks", "any")
        self.assertEqual(len(listener.bodies), 1)
        self.assertEqual(listener.bodies[0][0], "somebody.test:%d" % listener.port)
        self.assertEqual(listener.bodies[0][1]["status"], "COMPLETED")

    def test_a_name_of_this_machine(self):
        self.assertEqual(self.names(["127.0.0.1"], "failed: its address may not be called").connections, 0)

    def test_a_name_with_one_address_too_many(self):
        self.assertEqual(self.names([PUBLIC + " 127.0.0.1"], "failed: its address may not be called").connections, 0)

    def test_a_name_that_changes_after_it_was_checked(self):
        """The address that was checked is the one that is called: the other is not even connected to."""
        listener = self.names([PUBLIC, "127.0.0.1"], "failed: its address may not be called")
        self.assertEqual((listener.connections, listener.bodies), (0, []))

    def test_redirects_are_not_followed(self):
        with Listener() as inner:
            class Sends(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    self.rfile.read(int(self.headers["Content-Length"]))
                    self.send_response(307)
                    self.send_header("Location", "http://127.0.0.1:%d/" % inner.port)
                    self.end_headers()

                def log_message(self, *_):
                    pass
            outer = http.server.HTTPServer(("127.0.0.1", 0), Sends)
            threading.Thread(target=outer.serve_forever, daemon=True).start()
            with Server(options, "--webhooks", "any", "--webhook-retry-seconds", "1") as one:
                job = one.run({"operation": "none"}, webhook="http://127.0.0.1:%d/" % outer.server_port)
                one.until(lambda: "job %s: webhook failed: expected status 200, got 307" % job in one.read_log(),
                          20, "the end of a try")
            self.assertEqual(inner.connections, 0)
            outer.shutdown()
            outer.server_close()


class Shares(unittest.TestCase):
    def test_dead_webhooks_of_one_key(self):
        """Another's results arrive at once all the same."""
        # Accepts and says nothing.
        dead = socket.create_server(("127.0.0.1", 0), backlog=256)
        with tempfile.TemporaryDirectory() as folder, Listener() as listener:
            keys = os.path.join(folder, "keys")
            with open(keys, "w", encoding="ascii") as file:
                file.write("first-key\nsecond-key\n")
            with Server(options, "--api-key-file", keys, "--webhooks", "any") as one:
                for _ in range(60):
                    one.post("/run", {"input": {"operation": "none"},
                                      "webhook": "http://127.0.0.1:%d/" % dead.getsockname()[1]},
                             headers={"Authorization": "Bearer first-key"})
                time.sleep(1)
                start = time.monotonic()
                one.post("/run", {"input": {"operation": "none"}, "webhook": "http://127.0.0.1:%d/" % listener.port},
                         headers={"Authorization": "Bearer second-key"})
                one.until(lambda: listener.bodies, 10, "the result")
                print("  delivered after %.1f s" % (time.monotonic() - start))
        dead.close()


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
