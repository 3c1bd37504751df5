#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bytes that a stranger may send and an ordinary client never does: requests that end in two places,
that never end, or that are of other protocols. Each gets its answer or the end of its connection in
time; the server goes on at the same size."""
import errno
import socket
import threading
import unittest

from client import *

options = None
server = None
HOST = b"Host: localhost\r\n"
BODY = b'{"input":{"operation":"none"}}'
# The page, ping and what needs a job or a voice by name.
ROUTES = {"/": "GET, HEAD", "/page/main.js": "GET", "/ping": "GET, HEAD", "/run": "POST", "/runsync": "POST",
          "/status/x": "GET, POST", "/status-sync/x": "GET, POST", "/stream/x": "GET, POST", "/cancel/x": "POST",
          "/retry/x": "POST", "/purge-queue": "POST", "/health": "GET, HEAD, POST", "/metrics": "GET, HEAD",
          "/v1/audio/speech": "POST, GET", "/v1/models": "GET", "/v1/models/x": "GET",
          "/v1/models/x/unload": "POST", "/v1/audio/models": "GET", "/v1/audio/voices": "GET, POST",
          "/v1/audio/voices/x": "PATCH, DELETE", "/v1/audio/voices/x/preview": "GET"}


def setUpModule():
    global server
    server = Server(options, "--header-seconds", "2", "--body-seconds", "3", "--wyoming", "127.0.0.1:0",
                    "--max-live", "8")


def tearDownModule():
    server.close()


def ask(data, port=None, end=False, timeout=20):
    """All that comes back, and the seconds until the server hung up. `data`: bytes, or pieces of them."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", port or server.port), timeout=timeout) as connection:
        answer = b""
        try:
            for piece in [data] if isinstance(data, bytes) else data:
                connection.sendall(piece)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except (ConnectionResetError, BrokenPipeError):
            pass   # it has heard enough
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise
        try:
            while piece := connection.recv(1 << 16):
                answer += piece
        except ConnectionResetError:
            pass
    return answer, time.monotonic() - start


def status(answer):
    """0 where the connection ended without a word."""
    return int(answer[9:12]) if re.match(rb"HTTP/1\.[01] [0-9]{3} ", answer) else 0


def post(*lines, body=BODY, version=b"1.1"):
    return b"POST /runsync HTTP/" + version + b"\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Wire(unittest.TestCase):
    def setUp(self):
        self.before = server.rss_kb()

    def tearDown(self):
        self.assertIsNone(server.process.poll())
        self.assertEqual(server.get("/ping").status, 200)
        # What is free again is given back every two seconds.
        server.until(lambda: server.rss_kb() - self.before < 40_000, 10, "memory that was used")

    def refused(self, data, allowed=(400,), seconds=15, **options):
        answer, took = ask(data, **options)
        what = data[:120] if isinstance(data, bytes) else ""
        self.assertIn(status(answer), allowed, (what, answer[:200]))
        self.assertLess(took, seconds, (what, answer[:100]))
        # Never a second answer on one connection: what a proxy might take for that of another.
        self.assertLessEqual(len(re.findall(rb"HTTP/1\.[01] [0-9]{3} ", answer)), 1, what)
        return answer


class Framing(Wire):
    """Where a request ends, and whom it is for, are told once and plainly."""

    def test_one_that_is_plain(self):
        length = b"Content-Length: %d" % len(BODY)
        for good in (post(length), post(b"Transfer-Encoding: chunked", body=chunk(BODY) + b"0\r\n\r\n"),
                     post(b"transfer-encoding: Chunked", body=chunk(BODY[:9]) + chunk(BODY[9:]) + b"0\r\n\r\n"),
                     post(length, version=b"1.0"),
                     post(b"Transfer-Encoding: chunked", body=b"%x;a=b\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(BODY), BODY))):
            answer, _ = ask(good)
            self.assertEqual(status(answer), 200, (good, answer))

    def test_two_lengths(self):
        size, chunks = len(BODY), chunk(BODY) + b"0\r\n\r\n"
        self.refused(post(b"Content-Length: 5", b"Content-Length: %d" % size))
        self.refused(post(b"Content-Length: %d" % size, b"content-length: %d" % size))
        self.refused(post(b"Content-Length: %d, %d" % (size, size)))
        self.refused(post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=chunks))
        self.refused(post(b"Transfer-Encoding: chunked", b"Content-Length: %d" % len(chunks), body=chunks))
        self.refused(post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=chunks))
        self.refused(post(b"Transfer-Encoding: chunked", body=chunks, version=b"1.0"))
        for odd in (b"xchunked", b"identity", b"gzip, chunked", b"chunked, chunked", b"chunked;q=1", b"\x0bchunked"):
            self.refused(post(b"Transfer-Encoding: " + odd, body=chunks), (400, 501))

    def test_odd_lengths(self):
        for odd in (b"+30", b"-30", b"0x1e", b"1e1", b"30 30", b"", b"18446744073709551646", b"9" * 40, b"30\x00"):
            # What is longer than any body is waited for, and then the connection ends.
            self.refused(post(b"Content-Length: " + odd), (400, 413, 0) if len(odd) > 18 else (400, 413))

    def test_two_hosts(self):
        for lines in (b"Host: evil.example\r\n" + HOST, HOST + b"Host: evil.example\r\n", HOST + HOST):
            self.refused(b"GET /health HTTP/1.1\r\n" + lines + b"\r\n")
        self.refused(b"GET /health HTTP/1.1\r\n\r\n")

    def test_two_keys(self):
        """A proxy may have looked at the other one."""
        self.refused(b"GET /health HTTP/1.1\r\n" + HOST + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n")

    def test_what_follows_is_not_read(self):
        ping = b"GET /ping HTTP/1.1\r\n" + HOST + b"\r\n"
        for many in (b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n" + ping * 5000,
                     post(b"Content-Length: %d" % len(BODY)) + ping * 5000,
                     post(b"Transfer-Encoding: chunked", body=chunk(BODY) + b"0\r\n\r\n") + ping,
                     b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n" + HOST + b"\r\n" + ping):
            answer = self.refused(many, (200, 0))
            self.assertNotIn(b"healthy\"}", answer)


class Endless(Wire):
    """What never ends is ended: by its size, or by the clock."""

    def flood(self, head, piece, most=64 << 20):
        """Pieces until nobody takes them; how many bytes were taken."""
        taken, end = 0, time.monotonic() + 20
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            try:
                connection.sendall(head)
                while taken < most and time.monotonic() < end:
                    connection.sendall(piece)
                    taken += len(piece)
            except OSError:
                pass
        return taken

    def test_headers(self):
        for piece in (b"X-Flood: y\r\n" * 1000, b"X" * 10000, b"\x00" * 10000, b"X: " + b"y" * 10000 + b"\r\n",
                      b" folded\r\n" * 1000):
            taken = self.flood(b"GET /ping HTTP/1.1\r\n" + HOST + b"X: y\r\n", piece)
            self.assertLess(taken, 16 << 20, piece[:20])
        self.assertLess(self.flood(b"GET /", b"a" * 10000), 16 << 20)

    def ping_seconds(self):
        start = time.monotonic()
        self.assertEqual(server.get("/ping").status, 200)
        return time.monotonic() - start

    def test_chunks(self):
        """Of one byte each, of a size that no body has, with extensions and trailers that go on."""
        head, waits = post(b"Transfer-Encoding: chunked", body=b""), []
        for first, piece in ((b"", b"1\r\nx\r\n" * 1000), (b"", chunk(b"x" * 100_000)), (b"1;", b"a" * 10000),
                             (b"1" * 8, b"1" * 10000), (chunk(BODY) + b"0\r\n", b"X: y\r\n" * 1000)):
            start, most = time.monotonic(), [0]
            over = threading.Event()

            def look():
                while not over.wait(0.05):
                    most[0] = max(most[0], server.rss_kb())
            looking = threading.Thread(target=look)
            looking.start()
            others = threading.Thread(target=lambda: waits.append(self.ping_seconds()))
            threading.Timer(0.3, others.start).start()
            self.flood(head + first, piece, 4 << 30)
            over.set()
            looking.join()
            while not others.ident:
                time.sleep(0.05)
            others.join()
            # By the clock of bodies at the latest, and at no more than a body's size, which is copied once.
            self.assertLess(time.monotonic() - start, 20, (first, piece[:10]))
            self.assertLess(most[0] - self.before, 70_000, (first, piece[:10]))
        # Nobody else waits for it.
        self.assertLess(max(waits), 3, waits)
        self.assertEqual(len(waits), 5)
        for size in (b"ffffffffffffffff", b"7fffffffffffffff", b"-1", b"zz", b"0x10"):
            answer, took = ask(head + size + b"\r\n" + b"a" * 100)
            self.assertIn(status(answer), (0, 400, 413), size)
            self.assertLess(took, 15, size)

    def test_a_byte_now_and_then(self):
        """Head or body, sent so slowly that each read is in time: the whole is not."""
        def drip(head, byte):
            start = time.monotonic()
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                try:
                    connection.sendall(head)
                    while time.monotonic() - start < 40:
                        connection.sendall(byte)
                        time.sleep(0.2)
                except OSError:
                    pass
            times.append(time.monotonic() - start)
        times = []
        drips = [threading.Thread(target=drip, args=one) for one in (
            (b"G", b"E"), (b"GET /ping HTTP/1.1\r\n" + HOST, b"X"), (post(b"Content-Length: 1000", body=b""), b" "),
            (post(b"Transfer-Encoding: chunked", body=b""), b"1\r\n \r\n"),
            (post(b"Transfer-Encoding: chunked", body=b"1;"), b"x"),
            (post(b"Content-Length: 1000", b"Expect: 100-continue", body=b""), b" "))]
        for one in drips:
            one.start()
        # Meanwhile others are served.
        for _ in range(20):
            start = time.monotonic()
            self.assertEqual(server.get("/ping").status, 200)
            self.assertLess(time.monotonic() - start, 5)
            time.sleep(0.1)
        for one in drips:
            one.join()
        self.assertEqual(len(times), len(drips))
        self.assertLess(max(times), 20, times)


class Protocols(Wire):
    def test_other_protocols(self):
        websocket = (b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        for path in (b"/", b"/ping", b"/v1/audio/speech", b"/stream/x", b"/nothing"):
            answer, took = ask(b"GET " + path + b" HTTP/1.1\r\n" + HOST + websocket)
            self.assertNotIn(status(answer), (101, 0), path)
            self.assertLess(took, 15, path)
        upgrade = b"GET /ping HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        self.assertEqual(status(ask(upgrade)[0]), 200)
        self.refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505))
        self.refused(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 512, (0, 400))
        self.refused(b"SSH-2.0-OpenSSH_9.2\r\n", (0, 400))
        self.refused(b"GET /ping\r\n\r\n", (0, 400))
        self.refused(b"GET /ping HTTP/0.9\r\n\r\n", (0, 400, 505))
        self.refused(b"GET /ping HTTP/9.9\r\n" + HOST + b"\r\n", (0, 400, 505))

    def test_http_1_0(self):
        """No Host is needed; the end of the connection is the end of the answer."""
        self.assertEqual(status(ask(b"GET /ping HTTP/1.0\r\n\r\n")[0]), 200)
        wanted = b'{"input": "Hello.", "response_format": "pcm"}'
        answer, _ = ask(b"POST /v1/audio/speech HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(wanted), wanted))
        head, _, sound = answer.partition(b"\r\n\r\n")
        self.assertNotIn(b"chunked", head.lower())
        self.assertGreater(len(sound), 2400)
        self.assertEqual(len(sound) % 2, 0)
        for odd in (b"GET /ping HTTP/1.0\r\nHost: evil.example\r\n\r\n",):
            self.refused(odd, (403,))

    def test_addresses_of_others(self):
        """This is no proxy, and a name in the request line is looked at like one in Host."""
        self.assertEqual(status(ask(b"GET http://localhost/ping HTTP/1.1\r\n" + HOST + b"\r\n")[0]), 200)
        for line, host in ((b"GET http://evil.example/health", b"localhost"),
                           (b"GET http://localhost/health", b"evil.example"),
                           (b"GET https://evil.example/health", b"evil.example"),
                           (b"CONNECT evil.example:443", b"evil.example:443"),
                           (b"CONNECT localhost:22", b"localhost:22"), (b"CONNECT /", b"localhost"),
                           (b"GET ftp://localhost/health", b"localhost"), (b"GET //evil.example/health", b"localhost"),
                           (b"GET http://localhost@evil.example/health", b"localhost"),
                           (b"GET file:///etc/passwd", b"localhost")):
            answer = self.refused(line + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", (0, 400, 403, 404, 405))
            self.assertNotIn(b"workers", answer)
            self.assertNotIn(b"root:", answer)

    def test_methods_of_each_route(self):
        for path, allowed in ROUTES.items():
            answer, _ = ask(b"OPTIONS " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
            self.assertEqual(status(answer), 204, path)
            self.assertIn(b"\r\nAllow: " + allowed.encode() + b", OPTIONS\r\n", answer, path)
            for method in ("HEAD", "TRACE", "PUT", "DELETE", "PROPFIND", "get", "G\x01T"):
                if method in allowed:
                    continue
                answer = self.refused(("%s %s HTTP/1.1\r\n" % (method, path)).encode() + HOST + b"\r\n", (405, 400, 0))
                head, _, body = answer.partition(b"\r\n\r\n")
                if status(answer) == 405:
                    self.assertIn(b"\r\nAllow: " + allowed.encode() + b"\r\n", answer, path)
                if method == "HEAD":
                    self.assertEqual(body, b"", path)
                if method == "TRACE":
                    self.assertNotIn(b"Host:", body)
        for path in ("/", "/ping", "/health", "/metrics"):
            head, _, body = ask(("HEAD %s HTTP/1.1\r\n" % path).encode() + HOST + b"\r\n")[0].partition(b"\r\n\r\n")
            self.assertEqual((status(head), body), (200, b""), path)

    def test_names_in_paths(self):
        """Of jobs, voices, models and files: what leads elsewhere leads nowhere, and is told in JSON."""
        job = server.run(tts("Hi."))
        server.wait(job)
        for name in (b"%00", b"a%00b", job.encode() + b"%00", b"..", b"%2e%2e", b"..%2f..%2fetc%2fpasswd", b"%2e%2e%2f",
                     b"..%5c..%5cx", b"%ff%fe", b"%c0%ae%c0%ae", b"%", b"%zz", b"%25", b"%0d%0aX:y", b"%22%7d",
                     b"a" * 8000, b"'%20OR%20'1'='1", b"%s%n%x", "ü\u202e".encode(), b"*", b"\x7f"):
            for method, path in (("GET", "/status/%s"), ("GET", "/stream/%s?wait=0"), ("POST", "/cancel/%s"),
                                 ("POST", "/retry/%s"), ("GET", "/v1/models/%s"), ("DELETE", "/v1/audio/voices/%s"),
                                 ("GET", "/v1/audio/voices/%s/preview"), ("GET", "/page/%s"), ("GET", "/%s"),
                                 ("GET", "/v2/%s/status/x"), ("POST", "/v1/models/%s/unload")):
                before, after = path.split("%s")
                answer = self.refused(method.encode() + b" " + before.encode() + name + after.encode() + b" HTTP/1.1\r\n" +
                                      HOST + b"\r\n", (200, 400, 404, 405))
                if status(answer) == 200:
                    # ".." is taken away by the rules of addresses: the page, a list.
                    self.assertIn(name, (b"..", b"%2e%2e"), path)
                self.assertNotIn(b"root:", answer)
                self.assertNotIn(b"\r\nX:y", answer)
                head, _, body = answer.partition(b"\r\n\r\n")
                if b"application/json" in head:
                    json.loads(body.decode("utf-8"))
        self.assertEqual(server.status(job).json["status"], "COMPLETED")


class Json(Wire):
    def answer(self, path, body):
        start = time.monotonic()
        answer = server.post(path, body)
        self.assertLess(time.monotonic() - start, 20, body[:80])
        json.loads(answer.body.decode("utf-8"))
        return answer

    def test_deep_and_giant(self):
        depth = 100_000
        for path in ("/run", "/v1/audio/speech", "/v1/audio/voices"):
            for body in (b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth, b'{"input":' * depth + b"1" + b"}" * depth,
                         b'{"input":{"operation":"tts","text":' + b"[" * depth + b"]" * depth + b"}}",
                         b'{"input":{"seed":' + b"9" * 900_000 + b"}}", b'{"input":{"temperature":1e' + b"9" * 900_000 + b"}}",
                         b'{"input":{"temperature":0.' + b"0" * 900_000 + b"1}}", b'"' + b"\\u0000" * 100_000 + b'"',
                         b'{"' + b"k" * 900_000 + b'":1}', b"-" * 900_000, b"1" * 900_000, b" " * 900_000):
                self.assertIn(self.answer(path, body).status, (400, 413), body[:60])

    def test_numbers(self):
        for seed in ("1e308", "-1", "1e-400", "18446744073709551616", "9223372036854775808", "1.5", "-0.0", "1E+2", "NaN",
                     "Infinity", "01", "0x10", '"1"', "true", "null", "[]"):
            body = ('{"input":{"operation":"tts","text":"Hi.","seed":%s}}' % seed).encode()
            answer = self.answer("/runsync", body)
            self.assertIn(answer.status, (200, 400), seed)
            if answer.status == 200:
                self.assertIn(answer.json["status"], ("COMPLETED", "FAILED"), seed)

    def test_names_that_come_twice(self):
        """One of them counts, the same for what is checked and what is done."""
        done = self.answer("/runsync", b'{"input":{"operation":"list_local_voices","operation":"none"}}').json
        self.assertEqual(done["status"], "FAILED")
        done = self.answer("/runsync", b'{"input":{"operation":"none"},"input":{"operation":"list_local_voices"}}').json
        self.assertEqual(done["status"], "COMPLETED")
        many = b'{"input":{' + b",".join([b'"operation":"none"'] * 50_000) + b"}}"
        self.assertEqual(self.answer("/run", many).status, 400)


class Streams(Wire):
    def test_many_streams_of_one_client(self):
        """Events of speech that is asked for sixty times at once: a bound, and an answer for the rest."""
        body = json.dumps({"input": "A long story, told slowly. " * 100, "stream_format": "sse"}).encode()
        request = b"POST /v1/audio/speech HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body) + body
        crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(60)]
        try:
            for connection in crowd:
                connection.sendall(request)
            # Those for whom there is no room hear so at once.
            refused = 0
            for connection in crowd:
                connection.settimeout(2)
                try:
                    refused += status(connection.recv(4096)) == 429
                except TimeoutError:
                    pass
            self.assertGreaterEqual(refused, 60 - 8 - 4)
            start = time.monotonic()
            self.assertEqual(server.get("/ping").status, 200)
            self.assertEqual(server.post("/run", {"input": tts("Hi.")}).status, 200)
            self.assertLess(time.monotonic() - start, 5)
        finally:
            for connection in crowd:
                connection.close()
        server.until(lambda: server.get("/health").json["workers"]["running"] == 0, 30, "rest")


class Wyoming(Wire):
    def port(self):
        return int(re.search(r"speaking Wyoming on 127.0.0.1:([0-9]+)", server.read_log()).group(1))

    def test_lies_about_lengths(self):
        for line in (b'{"type":"describe","data_length":1000000}', b'{"type":"describe","payload_length":16000000}',
                     b'{"type":"describe","data_length":99999999999999999999}', b'{"type":"x","payload_length":1e9}',
                     b'{"type":"describe","data_length":-9223372036854775808}', b'{"type":"x","payload_length":17000000}',
                     b'{"type":"describe","data_length":2,"payload_length":5}', b"[" * 60_000, b'{"a":' * 10_000,
                     b'{"type":"' + b"x" * 60_000 + b'"}'):
            answer, took = ask(line + b"\n" + b"{}", port=self.port(), end=True)
            self.assertEqual(answer, b"", line[:60])
            self.assertLess(took, 15, line[:60])

    def test_lines_without_an_end(self):
        taken, start = 0, time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port()), timeout=10) as connection:
            try:
                while taken < 64 << 20:
                    connection.sendall(b'{"type":"' + b"x" * 10_000)
                    taken += 10_000
            except OSError:
                pass
        self.assertLess(taken, 16 << 20)

    def test_text_without_an_end(self):
        """Chunks of text that never hold a sentence are dropped before they are many."""
        piece = json.dumps({"type": "synthesize-chunk", "data": {"text": "word " * 4000}}).encode() + b"\n"
        with socket.create_connection(("127.0.0.1", self.port()), timeout=60) as connection:
            connection.sendall(b'{"type":"synthesize-start"}\n')
            for _ in range(300):
                connection.sendall(piece)
            connection.sendall(b'{"type":"ping"}\n')
            self.assertIn(b"pong", connection.recv(4096))

    def test_more_than_have_a_place_come_and_go(self):
        """Whoever waits for a place gets it when somebody leaves, a thousand times."""
        answered = []

        def visit():
            for _ in range(40):
                with socket.create_connection(("127.0.0.1", self.port()), timeout=60) as connection:
                    connection.sendall(b'{"type":"ping"}\n')
                    answered.append(b"pong" in connection.recv(4096))
        visitors = [threading.Thread(target=visit) for _ in range(40)]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
        self.assertEqual(answered, [True] * 1600)

    def test_sixteen_who_say_nothing_for_long(self):
        """Who has begun an event and does not end it makes room for others."""
        crowd = [socket.create_connection(("127.0.0.1", self.port()), timeout=10) for _ in range(16)]
        try:
            for connection in crowd:
                connection.sendall(b'{"type":')
            start = time.monotonic()
            end = start + 80

            def drip():
                while time.monotonic() < end and not served.is_set():
                    for connection in crowd:
                        try:
                            connection.sendall(b" ")
                        except OSError:
                            pass
                    time.sleep(1)
            served = threading.Event()
            dripping = threading.Thread(target=drip)
            dripping.start()
            try:
                with socket.create_connection(("127.0.0.1", self.port()), timeout=80) as other:
                    other.sendall(b'{"type":"ping"}\n')
                    self.assertIn(b"pong", other.recv(4096))
            finally:
                served.set()
                dripping.join()
            print("  heard after %.0f s" % (time.monotonic() - start))
        finally:
            for connection in crowd:
                connection.close()


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
