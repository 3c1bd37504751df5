#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Exceptions in whatever GLib and libsoup call of the server: each request is sent again and again,
and each time another of the allocations fails that C++ makes for it in the main thread. The answer
is the usual one, 500, or the end of that connection; the server goes on, and keeps nothing."""
import mmap
import socket
import struct
import unittest

from client import *

options = None
KINDS = ("std::bad_alloc", "std::runtime_error", "an int")


class Failing(Server):
    """A server whose allocations may be made to fail."""

    def __init__(self, *flags, **named):
        self.control_file = tempfile.NamedTemporaryFile()
        self.control_file.write(bytes(56))
        self.control_file.flush()
        self.control = mmap.mmap(self.control_file.fileno(), 56)
        super().__init__(options, *flags, environment={
            "LD_PRELOAD": options.failing_new, "CHATTERBOX_TEST_ALLOCATIONS": self.control_file.name}, **named)

    def fail(self, number, kind=0):
        """From now on; 0: no more."""
        self.control[24:32] = struct.pack("q", kind)
        self.control[0:8] = struct.pack("q", number)

    def fail_every(self, number, thread):
        """From now on, in the threads of this name, in each kind of way; 0: no more."""
        self.control[40:56] = thread.encode().ljust(16, b"\0")
        self.control[24:32] = struct.pack("q", 3)
        self.control[32:40] = struct.pack("q", number)

    def count(self, at):
        return struct.unpack("q", self.control[at:at + 8])[0]

    @property
    def seen(self):
        return self.count(8)

    @property
    def failed(self):
        return self.count(16)


def request(method, path, body=b"", *more, chunked=False):
    head = ["%s %s HTTP/1.1" % (method, path), "Host: localhost"] + list(more)
    if chunked:
        head.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 20]), body[at:at + 20])
                        for at in range(0, len(body), 20)) + b"0\r\n\r\n"
    elif body:
        head.append("Content-Length: %d" % len(body))
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


def ask(server, data):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        answer = b""
        try:
            connection.sendall(data)
            while piece := connection.recv(1 << 16):
                answer += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        except TimeoutError:
            return b"HTTP/1.1 000 no answer and no end: " + answer
        return answer


def status(answer):
    """0 where the connection ended without one; -1 where it did not end."""
    if answer.startswith(b"HTTP/1.1 000"):
        return -1
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def complete(answer):
    """Whether the body is as long as its headers say."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: (\d+)", head)
    if length:
        return len(body) == int(length.group(1))
    return body.endswith(b"0\r\n\r\n") if b"chunked" in head.lower() else True


class Barrier(unittest.TestCase):
    def each_allocation(self, server, name, data, make=None):
        """`make` gives the request anew, where one cannot be sent twice."""
        data = make() if make else data
        usual = ask(server, data)
        before = server.seen
        again = make() if make else data
        self.assertEqual(status(ask(server, again)), status(usual), name)
        count, results = server.seen - before, {}
        self.assertGreater(count, 0, name)
        failed = server.failed
        # Each kind meets each third of them; one more round each than there are.
        for number in range(1, count + 2):
            sent = make() if make else data
            server.fail(number, number % len(KINDS))
            answer = ask(server, sent)
            server.fail(0)
            what = "%s, allocation %d of %d, %s" % (name, number, count, KINDS[number % len(KINDS)])
            self.assertIsNone(server.process.poll(), what + ":\n" + server.read_log()[-2000:])
            code = status(answer)
            self.assertIn(code, (0, 500, 503, status(usual)), what)
            # A stream that failed is broken off, and so seen to be short.
            kind = code if code != 200 or complete(answer) else "broken off"
            results[kind] = results.get(kind, 0) + 1
        server.post("/purge-queue")
        self.assertGreater(server.failed, failed, name)
        self.assertEqual(server.get("/ping").status, 200, name)
        print("  %s: %d allocations: %s" % (name, count, results), flush=True)

    def all_of(self, make):
        """Of the requests that `make` gives for a job that ended well and one that did not."""
        with Failing("--workers", "1", key=KEY) as server:
            bearer = "Authorization: Bearer " + KEY
            job = server.run(tts("Hello there.", mode="streaming"))
            server.wait(job)
            failed = server.post("/runsync", {"input": {"operation": "none"}}).json["id"]
            files = len(os.listdir("/proc/%d/fd" % server.process.pid))
            for name, data in make(bearer, job, failed).items():
                with self.subTest(name):
                    self.each_allocation(server, name, data)
            # Nothing is kept, and what the server promises holds.
            def open_files():
                return len(os.listdir("/proc/%d/fd" % server.process.pid))
            server.until(lambda: open_files() <= files + 4, 30,
                         "the end of all connections, %d being open of %d," % (open_files(), files))
            server.post("/purge-queue")
            self.assertEqual(server.wait(server.run(tts("Hello.")))["status"], "COMPLETED")
            self.assertIn("failed: std::bad_alloc", server.read_log())
            self.assertIn("failed: thrown by a test", server.read_log())
            self.assertEqual(server.stop(), 0)

    def test_what_is_at_hand(self):
        self.all_of(lambda bearer, job, failed: {
            "ping": request("GET", "/ping"),
            "page": request("GET", "/"),
            "part of the page": request("GET", "/page/main.js", b"", "Range: bytes=2-9"),
            "no key": request("GET", "/health"),
            "no route": request("GET", "/nothing", b"", bearer),
            "no method": request("PUT", "/run", b"", bearer),
            "options": request("OPTIONS", "/run", b"", bearer),
            "star": request("GET", "*", b"", bearer),
            "health": request("GET", "/health", b"", bearer),
            "metrics": request("GET", "/metrics", b"", bearer),
            "models": request("GET", "/v1/models", b"", bearer),
            "voices": request("GET", "/v1/audio/voices", b"", bearer),
        })

    def test_jobs(self):
        tts_body = json.dumps({"input": tts("Hi.")}).encode()
        self.all_of(lambda bearer, job, failed: {
            "runsync": request("POST", "/runsync", json.dumps({"input": {
                "operation": "list_local_voices"}}).encode(), bearer),
            "run": request("POST", "/run", tts_body, bearer),
            "run, in chunks": request("POST", "/run", tts_body, bearer, chunked=True),
            "run, no JSON": request("POST", "/run", b"{", bearer),
            "status": request("GET", "/status/" + job, b"", bearer),
            "status of a failure": request("GET", "/status/%s?ttl=90000" % failed, b"", bearer),
            "status-sync": request("GET", "/status-sync/" + job, b"", bearer),
            "stream": request("GET", "/stream/%s?wait=0" % job, b"", bearer),
            "cancel": request("POST", "/cancel/" + job, b"", bearer),
            "retry": request("POST", "/retry/" + job, b"", bearer),
            "purge": request("POST", "/purge-queue", b"", bearer),
        })

    def test_speech(self):
        self.all_of(lambda bearer, job, failed: {
            "speech": request("POST", "/v1/audio/speech", b'{"input": "Hi.", "seed": 1}', bearer),
            "speech as events": request(
                "POST", "/v1/audio/speech",
                b'{"input": "Hi.", "seed": 1, "stream_format": "sse"}', bearer),
            "part of speech": request("GET", "/v1/audio/speech?input=Hi.", b"", bearer,
                                      "Range: bytes=0-99"),
            "preview": request("GET", "/v1/audio/voices/none/preview", b"", bearer),
        })


# What works beside the main thread, and of servers that share a database.
THREADS = ("worker", "upkeep", "objects", "store reads", "store writes")
SHARED = ("leases", "lost leases", "bulletin", "voices")


class Threads(unittest.TestCase):
    """Allocations of each thread fail for a while, all or every some, in the midst of work: the thread
    goes on, every job ends, and afterwards all is as before."""

    def names(self, server):
        """Of the threads there are."""
        found = []
        for task in os.listdir("/proc/%d/task" % server.process.pid):
            with open("/proc/%d/task/%s/comm" % (server.process.pid, task), encoding="ascii") as comm:
                found.append(comm.read().strip())
        return sorted(name for name in found if name in THREADS + SHARED)

    def work(self, server, number):
        """Something for every thread; the jobs that were accepted."""
        jobs = []
        if server.database:
            # As another server says it.
            server.rows("SELECT pg_notify('chatterbox', kind || 'none') FROM unnest(ARRAY['n', 'w', 's', 'v']) kind")
        for padding in (0, 2000, 200_000):
            answer = server.post("/run", {"input": {"operation": "list_local_voices", "padding": "x" * padding}})
            self.assertIn(answer.status, (200, 500, 503), answer.body)
            if answer.status == 200:
                jobs.append(answer.json["id"])
        for path in ("/health", "/status/" + (jobs + ["none"])[0], "/stream/%s?wait=0" % (jobs + ["none"])[0]):
            try:
                self.assertIn(server.get(path).status, (200, 404, 500, 503), path)
            except (OSError, http.client.HTTPException):
                pass  # an answer that was broken off
        server.request("DELETE", "/v1/audio/voices/Voice%d" % (number - 1))
        server.post("/v1/audio/voices", {"name": "Voice%d" % number, "audio": b64(speech_like(6))})
        return jobs

    def test_each_thread(self):
        with tempfile.TemporaryDirectory() as folder, Failing(
                "--workers", "1", "--lease-seconds", "2", "--objects", "file://%s/objects" % folder,
                "--objects-from-kb", "1", "--max-run-mb", "1", key=KEY) as server:
            shared = bool(server.database)
            expected = THREADS + (SHARED if shared else ())
            server.until(lambda: set(self.names(server)) == set(expected), 30, "all threads")
            threads = self.names(server)
            turn = 0
            for thread in expected:
                failed, jobs = server.failed, []
                for every in (1, 2, 5, 17, 61):
                    server.fail_every(every, thread)
                    end = time.monotonic() + 0.7
                    while time.monotonic() < end:
                        turn += 1
                        jobs += self.work(server, turn)
                    server.fail_every(0, thread)
                    self.assertIsNone(server.process.poll(), "%s, every %d:\n%s"
                                      % (thread, every, server.read_log()[-2000:]))
                    for job in jobs:
                        done = server.wait(job)
                        self.assertIn(done["status"], ("COMPLETED", "FAILED"), (thread, every, done))
                    server.until(lambda: server.get("/ping").status == 200, 30, "the database")
                    later = server.wait(server.run({"operation": "list_local_voices", "padding": "x" * 2000}))
                    self.assertEqual(later["status"], "COMPLETED", (thread, every, later))
                self.assertEqual(self.names(server), threads, thread)
                # These ask for no memory while nothing is due.
                if thread not in ("lost leases", "" if shared else "upkeep"):
                    self.assertGreater(server.failed, failed, thread)
                print("  %s: %d failed allocations, %d jobs" % (thread, server.failed - failed, len(jobs)), flush=True)
            if shared:
                # What was missed is found again.
                added = server.post("/v1/audio/voices", {"name": "Late", "audio": b64(speech_like(6))})
                self.assertEqual(added.status, 201, added.body)
                with Server(options, *server.flags, key=KEY) as other:
                    other.until(lambda: "Late" in other.get("/v1/audio/voices").body.decode(), 30, "the voice")
                    server.until(lambda: "Late" in server.get("/v1/audio/voices").body.decode(), 30, "the voice")
            self.assertEqual(server.stop(), 0)


class Sources(unittest.TestCase):
    """Whatever C calls of the server goes through the barrier, and every thread: told by its sources."""
    REGISTERS = re.compile(r"\b(G_CALLBACK|G_SOURCE_FUNC|g_(?:idle|timeout)_add\w*|g_unix_signal_add\w*|"
                           r"g_source_set_callback|soup_server_add_\w*handler|g_thread_new|\w+_async|"
                           r"curl_easy_setopt\(curl, CURLOPT_\w+FUNCTION)\b")
    # Made by for_c() in main_loop.h.
    MADE = ["LastingTask::kCall"]

    def statement(self, text, at):
        """From a call's name to the bracket that ends it."""
        depth = 0
        for end in range(at, len(text)):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            if text[end] == ")" and depth == 0:
                return text[at:end + 1]
        return text[at:]

    def test_every_callback(self):
        root, found = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sidecar"), 0
        for folder, _, names in os.walk(root):
            for name in names:
                # The decoder is a process of its own, for one recording.
                if not name.endswith((".cpp", ".h")) or name == "decode_main.cpp":
                    continue
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    text = re.sub(r"//.*", "", file.read())
                made = re.findall(r"(\w+) = for_c\b", text)
                if name != "named_thread.h":
                    self.assertNotRegex(text, r"std::(thread\(|jthread|async\()", name)
                for match in self.REGISTERS.finditer(text):
                    call = self.statement(text, match.start())
                    if "(" not in call or call.startswith("G_CALLBACK(callback"):
                        continue
                    found += 1
                    self.assertTrue(any(one in call for one in ["for_c"] + made + self.MADE),
                                    "%s: expected for_c() in %s" % (name, call))
        self.assertGreater(found, 20)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--failing-new", required=True, help="the library to preload")
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
