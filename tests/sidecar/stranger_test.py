#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a stranger without a key may do: nothing that others notice."""
import resource
import socket
import threading
import unittest

from client import *

options = None
server = None


def setUpModule():
    global server
    server = Server(options)


def tearDownModule():
    server.close()


def descriptors(one):
    return len(os.listdir("/proc/%d/fd" % one.process.pid))


def read_all(connection):
    """Everything that arrives until the server hangs up: head and body may come one by one."""
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def ask(one, request, timeout=30):
    """The answer to a request of bytes."""
    with socket.create_connection(("127.0.0.1", one.port), timeout=timeout) as connection:
        connection.sendall(request)
        return read_all(connection)


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


class Connections(unittest.TestCase):
    def test_what_libsoup_answers_by_itself(self):
        """Requests that never reach a route leave no descriptor, whether the client hangs up or not."""
        before = descriptors(server)
        for request in (b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        b"GET https://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        b"GET /%2e%2e/%2e%2e/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        b"POST /run HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                        b"Content-Length: 2\r\n\r\n{}"):
            for _ in range(100):
                with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                    connection.sendall(request)
                    connection.recv(100)
        server.until(lambda: descriptors(server) < before + 10, 20, "the end of 500 connections")
        # Nor does one that waits for the server to hang up.
        self.assertIn(b"onnection: close", ask(server, b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n"))

    def test_running_out_of_descriptors(self):
        """Whoever comes then is told, and afterwards all is as before."""
        with Server(options) as small:
            most = resource.prlimit(small.process.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(small.process.pid, resource.RLIMIT_NOFILE,
                             (descriptors(small) + 20, most[1]))
            crowd = [socket.create_connection(("127.0.0.1", small.port)) for _ in range(60)]
            time.sleep(0.5)
            self.assertIn(status(ask(small, b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")), (0, 503))
            for connection in crowd:
                connection.close()
            small.until(lambda: small.get("/ping").status == 200, 10, "an answer after the crowd")
            # A request that needs a file and cannot have it is not told a lie.
            resource.prlimit(small.process.pid, resource.RLIMIT_NOFILE, (descriptors(small) + 1, most[1]))
            answer = small.post("/v1/audio/speech", {"input": "Hi.", "voice": "Amy"})
            resource.prlimit(small.process.pid, resource.RLIMIT_NOFILE, most)
            self.assertNotEqual(answer.status, 404, answer.body)

    def test_limit_of_one_address(self):
        with Server(options, "--max-connections-per-address", "40") as small:
            crowd = [socket.create_connection(("127.0.0.1", small.port)) for _ in range(60)]
            small.until(lambda: status(ask(small, b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 503,
                        10, "a refusal")
            # Another address is served.
            with socket.socket() as other:
                other.bind(("127.0.0.2", 0))
                other.connect(("127.0.0.1", small.port))
                other.sendall(b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertTrue(other.recv(100).startswith(b"HTTP/1.1 200"))
            for connection in crowd:
                connection.close()
            small.until(lambda: small.get("/ping").status == 200, 10, "an answer after the crowd")

    def test_few_addresses_keep_no_others_out(self):
        """Whoever holds many connections for nothing makes room; what is being served does not."""
        with Server(options, "--max-connections", "60", "--max-connections-per-address", "40", key=KEY) as small:
            crowd = []

            def join(address, count, request):
                for _ in range(count):
                    one = socket.socket()
                    one.bind((address, 0))
                    one.connect(("127.0.0.1", small.port))
                    one.sendall(request)
                    crowd.append(one)
            # With a key, waiting for the end of a long job: these stay.
            job = small.run(tts("A long story, told slowly. " * 150))
            wait = ("GET /status-sync/%s?wait=60000 HTTP/1.1\r\nHost: localhost\r\n"
                    "Authorization: Bearer %s\r\n\r\n" % (job, KEY)).encode()
            join("127.0.0.2", 10, wait)
            # Nothing, half a head, a body that never comes, without a key and to where none is needed.
            for number, request in enumerate((
                    b"", b"GET /health HTTP/1.1\r\nX: ", b"POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
                    b"GET /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")):
                join("127.0.0.%d" % (3 + number % 2), 25, request)
                time.sleep(0.3)
                for _ in range(5):
                    self.assertEqual(small.get("/ping").status, 200, request)
                    self.assertEqual(small.get("/health").status, 200, request)
            small.post("/cancel/" + job)
            for one in crowd[:10]:
                one.settimeout(20)
                self.assertIn(b"CANCELLED", read_all(one))
            for one in crowd:
                one.close()

    def test_limit_is_lowered_to_what_the_process_may_open(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
        with Server(options, limits=few) as small:
            self.assertIn("max-connections: expected at most", small.read_log())
            crowd = [socket.create_connection(("127.0.0.1", small.port)) for _ in range(400)]
            for connection in crowd:
                connection.close()
            small.until(lambda: small.get("/ping").status == 200, 10, "an answer after the crowd")
            self.assertEqual(small.wait(small.run(tts()))["status"], "COMPLETED")


class Answers(unittest.TestCase):
    def test_ranges(self):
        page = server.get("/").body
        many = "bytes=" + ",".join(["0-"] * 5000)
        before = server.rss_kb()
        for _ in range(10):
            answer = server.get("/", headers={"Range": many})
            self.assertLessEqual(len(answer.body), len(page))
        self.assertLess(server.rss_kb() - before, 20_000)
        one = server.get("/", headers={"Range": "bytes=2-5"})
        self.assertEqual((one.status, one.body), (206, page[2:6]))
        self.assertEqual(one.headers["Content-Range"], "bytes 2-5/%d" % len(page))
        self.assertEqual(server.get("/", headers={"Range": "bytes=-4"}).body, page[-4:])
        self.assertEqual(server.get("/", headers={"Range": "bytes=%d-" % len(page)}).status, 416)
        for odd in ("bytes=", "bytes=x-", "bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=--1"):
            answer = server.get("/", headers={"Range": odd})
            self.assertEqual((answer.status, len(answer.body)), (200, len(page)), odd)

    def test_ranges_of_speech(self):
        """An <audio> element of Safari asks for two bytes first, and for the rest of the same then."""
        path = "/v1/audio/speech?response_format=wav&input=Hello%20there."
        first = server.get(path, headers={"Range": "bytes=0-1"})
        self.assertEqual((first.status, first.body), (206, b"RI"))
        size = int(first.headers["Content-Range"].split("/")[1])
        rest = server.get(path, headers={"Range": "bytes=0-%d" % (size - 1)})
        self.assertEqual((rest.status, len(rest.body)), (206, size))
        self.assertGreater(len(read_wav(rest.body)[1]), 2400)
        # Chromium's asks for everything, and hears it while it is made.
        streamed = server.get(path, headers={"Range": "bytes=0-"})
        self.assertEqual((streamed.status, streamed.headers["Transfer-Encoding"]), (200, "chunked"))
        # The header tells the length.
        self.assertEqual(int.from_bytes(rest.body[40:44], "little"), size - 44)

    def test_head_makes_no_speech(self):
        answer = server.request("HEAD", "/v1/audio/speech?input=" + "A%20long%20story.%20" * 40)
        self.assertEqual(answer.status, 405)
        self.assertEqual(server.get("/health").json["workers"]["running"], 0)
        job = server.run(tts("Hello there.", mode="streaming"))
        server.wait(job)
        self.assertEqual(server.request("HEAD", "/stream/" + job).status, 405)
        self.assertTrue(server.get("/stream/" + job).json["stream"])
        self.assertEqual(server.request("HEAD", "/ping").status, 200)


class Pages(unittest.TestCase):
    """A web page of somebody else, in the browser of whoever runs the server."""

    def get(self, one, host, path="/health", **headers):
        lines = "".join("%s: %s\r\n" % (name.replace("_", "-"), value) for name, value in headers.items())
        return status(ask(one, ("GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (path, host, lines)).encode()))

    def test_names_that_are_bound_to_this_machine(self):
        port = server.port
        for host in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST"):
            self.assertEqual(self.get(server, "%s:%d" % (host, port)), 200, host)
        bad = ("127.evil.example", "localhost.evil.example", "evil.example", "127.0.0.1.evil.example",
               "127.0.0.1@evil.example", "xlocalhost")
        for host in bad:
            self.assertIn(self.get(server, "%s:%d" % (host, port)), (403, 400), host)
        with Server(options, "--allow-origin", "*") as open_server:
            for host in bad:
                self.assertIn(self.get(open_server, host, Origin="http://" + host), (403, 400), host)
            self.assertEqual(self.get(open_server, "localhost", Origin="http://other.example"), 200)

    def test_requests_that_pages_send_without_asking(self):
        path = "/v1/audio/speech?input=Hello"
        for site in ("cross-site", "same-site"):
            self.assertEqual(self.get(server, "localhost", path, Sec_Fetch_Site=site), 403, site)
        for site in ("same-origin", "none"):
            self.assertEqual(self.get(server, "localhost", path, Sec_Fetch_Site=site), 200, site)
        # A link to the page is one.
        self.assertEqual(self.get(server, "localhost", "/", Sec_Fetch_Site="cross-site",
                                  Sec_Fetch_Mode="navigate"), 200)
        self.assertEqual(self.get(server, "localhost", path, Origin="http://localhost:1"), 403)

    def test_preflight(self):
        """Browsers ask before they let OpenAI's SDK send its headers."""
        with Server(options, "--allow-origin", "https://app.example", key=KEY) as one:
            wanted = "authorization,content-type,x-stainless-os,x-stainless-lang,openai-organization"
            headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
                       "Access-Control-Request-Headers": wanted, "Authorization": ""}
            answer = one.request("OPTIONS", "/v1/audio/speech", headers=headers)
            self.assertEqual(answer.status, 204)
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "https://app.example")
            self.assertEqual(answer.headers["Access-Control-Allow-Headers"], wanted)
            headers["Origin"] = "https://other.example"
            self.assertIsNone(one.request("OPTIONS", "/v1/audio/speech", headers=headers)
                              .headers["Access-Control-Allow-Origin"])


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
