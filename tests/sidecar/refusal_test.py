#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Requests that are refused by what their headers say: the answer comes at once, whatever of the body
is still to come, and what comes after all keeps nobody waiting."""
import socket
import ssl
import unittest

from client import *

options = None
server = None


def setUpModule():
    global server
    server = Server(options, key=KEY)


def tearDownModule():
    server.close()


def head(path, *lines, method="POST"):
    return ("%s %s HTTP/1.1\r\nHost: localhost\r\n" % (method, path) + "".join(
        line + "\r\n" for line in lines) + "\r\n").encode()


AUTHORIZED = "Authorization: Bearer " + KEY
# Heads whose bodies are announced and refused: status, what of the body is sent with them, head.
REFUSED = [
    (413, b"", head("/run", AUTHORIZED, "Content-Length: 10000001")),
    (413, b"{", head("/run", AUTHORIZED, "Content-Length: 999999999999")),
    (413, b"", head("/runsync", AUTHORIZED, "Content-Length: 20000001")),
    (413, b"{" * 70000, head("/v1/audio/speech", AUTHORIZED, "Content-Length: 1000001")),
    (413, b"", head("/v1/audio/voices", AUTHORIZED, "Content-Length: 10000001")),
    (413, b"", head("/cancel/x", AUTHORIZED, "Content-Length: 1000001")),
    (413, b"", head("/nothing", AUTHORIZED, "Content-Length: 1000001")),
    (413, b"", head("/run", AUTHORIZED, "Content-Length: 10000001", "Expect: 100-continue")),
    (401, b"", head("/run", "Content-Length: 100")),
    (401, b"", head("/run", "Authorization: Bearer wrong", "Content-Length: 10000001")),
    (401, b"5\r\nhello\r\n", head("/run", "Transfer-Encoding: chunked")),
    (401, b"", head("/status/x", "Content-Length: 5", method="GET")),
    (400, b"", head("/run", AUTHORIZED, "Content-Length: 5", "Content-Length: 6")),
    (400, b"", head("/run", AUTHORIZED, "Content-Length: 5", "Transfer-Encoding: chunked")),
]


def answer_in_time(connection, seconds=3):
    """An answer as long as it says it is; the connection is still there when it is read."""
    connection.settimeout(seconds)
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        assert piece, data
        data += piece
    top, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"\r\nContent-Length: ([0-9]+)", top).group(1))
    while len(body) < length:
        piece = connection.recv(4096)
        assert piece, (top, body)
        body += piece
    return top, body


class Waiting(unittest.TestCase):
    def check(self, connection, status, body, request, what):
        connection.sendall(request)
        connection.sendall(body)
        top, text = answer_in_time(connection)
        self.assertTrue(top.startswith(b"HTTP/1.1 %d " % status), (what, top))
        self.assertIn(b"\r\nConnection: close", top)
        self.assertIn("error", json.loads(text))

    def test_whoever_waits_is_told_at_once(self):
        for status, body, request in REFUSED:
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                self.check(connection, status, body, request, request[:100])
                # And nothing more.
                self.assertEqual(connection.recv(4096), b"", request[:100])

    def test_the_same_over_tls(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        names = [os.path.join(server.data, name) for name in ("key.pem", "certificate.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                        "/CN=localhost", "-keyout", names[0], "-out", names[1]], check=True, capture_output=True)
        trust = ssl.create_default_context(cafile=names[1])
        with Server(options, "--tls-key", names[0], "--tls-certificate", names[1], key=KEY,
                    wait_for_model=False) as locked:
            for status, body, request in REFUSED:
                with socket.create_connection(("127.0.0.1", locked.port), timeout=10) as plain:
                    with trust.wrap_socket(plain, server_hostname="localhost") as connection:
                        self.check(connection, status, body, request, request[:100])

    def test_whoever_sends_all_of_it_first(self):
        """An ordinary client, which reads when it has sent: the answer is there, not a broken connection."""
        for size in (10_000_001, 25_000_000):
            answer = server.post("/run", b" " * size)
            self.assertEqual((answer.status, answer.json["error"]), (413, "Request too large"))
            answer = server.post("/run", b" " * size, headers={"Authorization": "Bearer wrong"})
            self.assertEqual(answer.status, 401)

    def test_a_client_that_asks_before_it_sends(self):
        """100-continue is answered with the refusal itself, and with leave where there is none."""
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            body = b'{"input":{"operation":"none"}}'
            connection.sendall(head("/run", AUTHORIZED, "Content-Length: %d" % len(body), "Expect: 100-continue"))
            self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 100 "))
            connection.sendall(body)
            self.assertTrue(answer_in_time(connection)[0].startswith(b"HTTP/1.1 200 "))


class Floods(unittest.TestCase):
    def test_bodies_that_are_refused_and_go_on(self):
        """Sent as fast as the server takes them: they end, and others are served meanwhile."""
        chunks = b"1\r\nx\r\n" * 10_000
        for request, piece in ((head("/run", AUTHORIZED, "Content-Length: 999999999999"), b"x" * 1_000_000),
                               (head("/run", "Content-Length: 999999999999"), b"x" * 1_000_000),
                               (head("/run", "Content-Length: 9999999"), b"x" * 1_000_000),
                               (head("/run", "Transfer-Encoding: chunked"), chunks),
                               (head("/run", AUTHORIZED, "Transfer-Encoding: chunked"), chunks),
                               (head("/ping", "Transfer-Encoding: chunked", method="GET"), chunks),
                               (head("/nothing", "Transfer-Encoding: chunked"), b"10000\r\n" + b"y" * 65536 + b"\r\n")):
            ended = threading.Event()

            def flood():
                taken, end = 0, time.monotonic() + 25
                with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                    try:
                        connection.sendall(request)
                        while time.monotonic() < end:
                            connection.sendall(piece)
                            taken += len(piece)
                    except OSError:
                        ended.set()
                sent.append(taken)
            sent, before = [], server.rss_kb()
            floods = [threading.Thread(target=flood) for _ in range(3)]
            for one in floods:
                one.start()
            slowest = 0
            while any(one.is_alive() for one in floods):
                start = time.monotonic()
                self.assertEqual(server.get("/ping").status, 200)
                slowest = max(slowest, time.monotonic() - start)
                self.assertLess(server.rss_kb() - before, 120_000, request)
            for one in floods:
                one.join()
            self.assertTrue(ended.is_set(), request)
            self.assertLess(max(sent), 100_000_000, request)
            self.assertLess(slowest, 3, request)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
