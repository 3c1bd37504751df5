#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What strangers may do to the server; after each it still answers."""
import array
import errno
import random
import shutil
import socket
import struct
import unittest
import zlib

from client import *

SPY = """#!%s -I
import os, sys
if sys.argv[-1] == "--check":
    print("landlock=1 seccomp=1")
    sys.exit(0)
def is_open(number):
    try:
        return bool(os.fstat(number))
    except OSError:
        return False
with open("/proc/self/environ", "rb") as file:
    names = [line.split(b"=")[0].decode() for line in file.read().split(b"\\0") if line]
open_ones = [number for number in range(3, 1024) if is_open(number)]
with open("%s", "w") as file:
    file.write("environment %%s descriptors %%s\\n" %% (names, open_ones))
sys.exit(1)
"""

options = None
server = None


def setUpModule():
    global server
    server = Server(options, "--header-seconds", "2", "--body-seconds", "3", "--webhooks", "any")


def tearDownModule():
    server.close()


def raw(data, port=None, timeout=10):
    with socket.create_connection(("127.0.0.1", port or server.port), timeout=timeout) as s:
        s.sendall(data)
        try:
            s.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:  # it has answered and hung up
                raise
        answer = b""
        while piece := s.recv(65536):
            answer += piece
        return answer


class Malformed(unittest.TestCase):
    def tearDown(self):
        self.assertIsNone(server.process.poll())
        self.assertEqual(server.get("/health").status, 200)

    def test_requests(self):
        """Every answer to a request that is none is 400 or 413, or a job that fails."""
        chance = random.Random(options.seed)
        good = json.dumps({"input": tts("Hi", voice_name="Amy", chunk_size=25, seed=3),
                           "policy": {"ttl": 10000}, "webhook": "http://127.0.0.1:1/"}).encode()
        tokens = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"null", b"true", b"1e9",
                  b"-", b"0", b"\x00", b"\xff", b"\xc3", b"input", b"operation", b"tts", b"=", b" "]
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        counts = {}
        for _ in range(options.requests):
            body = bytearray(good)
            for _ in range(chance.randrange(1, 6)):
                at = chance.randrange(len(body) + 1)
                kind = chance.randrange(4)
                if kind == 0:
                    del body[at:at + chance.randrange(1, 30)]
                elif kind == 1:
                    body[at:at] = chance.choice(tokens)
                elif kind == 2 and at < len(body):
                    body[at] = chance.randrange(256)
                else:
                    body[at:at] = body[chance.randrange(len(body)):][:chance.randrange(40)]
            connection.request("POST", "/run", bytes(body))
            answer = connection.getresponse()
            text = answer.read()
            counts[answer.status] = counts.get(answer.status, 0) + 1
            self.assertIn(answer.status, (200, 400, 413), bytes(body))
            # RFC 8259, as another reader sees it, decides which.
            try:
                value = json.loads(bytes(body).decode("utf-8"), parse_constant=lambda _: 1 / 0)
                sound = isinstance(value, dict) and isinstance(value.get("input"), dict)
            except (ValueError, ZeroDivisionError, RecursionError):
                sound = False
            if not sound:
                self.assertEqual(answer.status, 400, bytes(body))
            if answer.status == 200:
                server.post("/cancel/" + json.loads(text)["id"])
        print("  %d requests: %s" % (options.requests, counts))
        connection.close()

    def test_http(self):
        for data in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01" * 100,
                     b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
                     b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
                     b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                     b"POST /run HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
                     b"POST /run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
                     b"POST /run HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                     b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                     b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            try:
                answer = raw(data)
            except ConnectionError:
                continue  # a closed connection is an answer too; silence is none
            self.assertFalse(answer.startswith(b"HTTP/1.1 200"), data[:60])
            self.assertNotIn(b"root:", answer)

    def test_sizes(self):
        for path, most in (("/run", 10_000_000), ("/runsync", 20_000_000), ("/cancel/x", 1_000_000)):
            body = b'{"input": {"operation": "none", "text": "' + b"a" * (most - 44) + b'"}}'
            self.assertEqual(len(body), most)
            self.assertNotEqual(server.post(path, body).status, 413, path)
            answer = server.post(path, body + b" ")
            self.assertEqual((answer.status, answer.json["error"]), (413, "Request too large"), path)
        # Without a length, the bytes are counted.
        def pieces():
            for _ in range(11):
                yield b" " * 1_000_000
        answer = self.chunked(pieces())
        self.assertTrue(answer.startswith(b"HTTP/1.1 413"), answer[:80])

    def chunked(self, pieces):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", "/run", pieces, encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})
        response = connection.getresponse()
        response.read()
        connection.close()
        return b"HTTP/1.1 %d" % response.status


class Audio(unittest.TestCase):
    def fail_to_decode(self, data):
        done = server.post("/runsync", {"input": {
            "operation": "voice_conversion", "input_audio": b64(data),
            "target_speaker": b64(data)}}).json
        self.assertEqual(done["status"], "FAILED")
        return done

    def test_broken_files(self):
        chance = random.Random(options.seed)
        whole = tone(0.3, 8000)
        for _ in range(options.files):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 20)):
                data[chance.randrange(60 if chance.random() < 0.7 else len(data))] = chance.randrange(256)
            done = server.post("/runsync", {"input": {
                "operation": "voice_cloning", "voice_name": "Broken", "save_to_library": False,
                "reference_audio": b64(bytes(data[:chance.randrange(1, len(data))]))}}).json
            self.assertEqual(done["status"], "FAILED", done)
            self.assertIn(done["error"].split(" (")[0], (
                "Could not decode reference_audio", "Reference audio too short"))
        self.assertEqual(server.get("/health").status, 200)

    def test_what_is_no_audio(self):
        picture = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0)
        for data in (b"x", b"#EXTM3U\nhttp://127.0.0.1:%d/ping\n" % server.port,
                     b"#EXTM3U\nfile:///etc/passwd\n", b"[playlist]\nFile1=file:///etc/passwd\n",
                     b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 1 RTP/AVP 0\r\n", picture,
                     zlib.compress(b"a" * 100000), b"RIFF" + b"\xff" * 100, bytes(100000)):
            self.fail_to_decode(data)

    def test_recordings_that_hold_no_voice(self):
        """Silence, noise and clipped noise are told apart from speech, for clones and references."""
        chance = random.Random(1)
        rate, count = 24000, 24000 * 6
        loud = [chance.choice((-32768, 32767)) for _ in range(count // 8) for _ in range(8)]
        hiss = [chance.randrange(-3000, 3000) for _ in range(count)]
        for name, samples, error in (("silence", [0] * count, "Reference audio is silent"),
                                     ("clipped", loud, "Reference audio is distorted"),
                                     ("noise", hiss, "Reference audio is too noisy")):
            data = b64(tone(1)[:40] + struct.pack("<I", 2 * count) + array.array("h", samples).tobytes())
            for fields in ({"operation": "voice_cloning", "voice_name": "None", "reference_audio": data},
                           tts(reference_audio=data)):
                done = server.post("/runsync", {"input": fields}).json
                self.assertEqual((done["status"], done["error"]), ("FAILED", error), name)
                self.assertIn("expected", done["message"])

    def test_numbers_beyond_reason(self):
        """Rates and samples that no recording has are refused at once."""
        for rate in (0xffffffff, 0x7fffffff, 0x80000000, 0, 1):
            data = bytearray(tone(6))
            data[24:28] = struct.pack("<I", rate)
            start = time.monotonic()
            self.fail_to_decode(bytes(data))
            self.assertLess(time.monotonic() - start, 10, rate)
        head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + 4 * 144000, b"WAVE", b"fmt ", 16, 3, 1,
                           24000, 96000, 4, 32, b"data", 4 * 144000)
        done = self.fail_to_decode(head + struct.pack("<f", 3e38) * 144000)
        self.assertIn("far beyond full scale", done["message"])

    def test_the_decoder_is_confined(self):
        """What it says of itself."""
        if "LD_PRELOAD" in os.environ and "confined by" not in server.read_log():
            self.skipTest("a sanitizer needs what a decoder may not have")
        self.assertRegex(server.read_log(), "confined by landlock=[1-9].* seccomp=1")

    def test_the_decoder_is_given_nothing(self):
        """A program in its place finds no environment and no descriptor but its three."""
        if "LD_PRELOAD" in os.environ:
            self.skipTest("a sanitizer hands its options on")
        place = tempfile.mkdtemp(prefix="chatterbox-test-")
        try:
            # The server takes the decoder beside itself, and finds its library beside its folder.
            program = shutil.copy(options.server, os.path.join(place, "chatterbox-server"))
            libraries = os.path.join(os.path.dirname(options.server), "..", "lib", "src")
            spy, seen = os.path.join(place, "chatterbox-decode"), os.path.join(place, "seen")
            with open(spy, "w", encoding="ascii") as file:
                file.write(SPY % (sys.executable, seen))
            os.chmod(spy, 0o755)
            copied = argparse.Namespace(**{**vars(options), "server": program})
            with Server(copied, environment={"LD_LIBRARY_PATH": os.path.realpath(libraries)},
                        key="a-secret-key") as other:
                done = other.post("/runsync", {"input": tts("Hi", reference_audio=b64(tone(6)))}).json
                self.assertEqual(done["status"], "FAILED")
            with open(seen, encoding="ascii") as file:
                self.assertEqual(file.read(), "environment [] descriptors []\n")
        finally:
            shutil.rmtree(place)

    def test_a_file_that_swells(self):
        """A few kilobytes that claim, and hold, hours of silence."""
        sox = shutil.which("sox")
        if not sox:
            self.skipTest("sox is not installed")
        path = os.path.join(server.data, "long.flac")
        subprocess.run([sox, "-D", "-n", "-r", "8000", "-b", "8", path, "trim", "0", "3600"], check=True)
        with open(path, "rb") as file:
            data = file.read()
        self.assertLess(len(data), 400_000)
        before = server.rss_kb()
        done = server.post("/runsync", {"input": {
            "operation": "voice_conversion", "input_audio": b64(data),
            "target_speaker": b64(tone(6))}}).json
        self.assertEqual((done["status"], done["error"]), ("FAILED", "Audio too long"))
        self.assertLess(server.rss_kb() - before, 200_000)


class Crowds(unittest.TestCase):
    def test_slow_clients_are_dropped(self):
        slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        slow[1].sendall(b"GET / HTTP/1.1\r\nHo")
        slow[2].sendall(b"POST /run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        end = time.monotonic() + 12
        for connection in slow:
            connection.settimeout(max(0.1, end - time.monotonic()))
            try:
                while connection.recv(1000):
                    pass
            except ConnectionError:
                pass
            connection.close()

    def test_no_connection_is_left_behind(self):
        def descriptors():
            return len(os.listdir("/proc/%d/fd" % server.process.pid))
        before = descriptors()
        for request in (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", b"", b"GET / HT",
                        b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            for _ in range(100):
                with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                    connection.sendall(request)
                    if request.endswith(b"\r\n\r\n"):
                        self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 "))
        server.until(lambda: descriptors() < before + 10, 10, "the end of 400 connections")

    def test_a_thousand_connections(self):
        crowd = []
        patient = Server(options, "--header-seconds", "120")
        try:
            for _ in range(1000):
                crowd.append(socket.create_connection(("127.0.0.1", patient.port), timeout=30))
            self.assertEqual(patient.get("/health").status, 200)
            for connection in crowd:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            good = 0
            for connection in crowd:
                connection.settimeout(60)
                good += connection.recv(4096).startswith(b"HTTP/1.1 200")
            self.assertEqual(good, 1000)
        finally:
            patient.close()
            for connection in crowd:
                connection.close()

    def test_more_connections_than_allowed(self):
        with Server(options, "--max-connections", "20") as small:
            crowd = [socket.create_connection(("127.0.0.1", small.port)) for _ in range(60)]
            for connection in crowd:
                connection.close()
            small.until(lambda: small.get("/health").status == 200, 10, "room")

    def test_large_requests_at_once(self):
        """What is being received is bounded; who comes too much is told to come again."""
        body = b'{"input": {"operation": "list_local_voices", "x": "' + b"a" * 5_000_000 + b'"}}'
        head = b"POST /run HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
        with Server(options, "--max-upload-mb", "8") as small:
            with socket.create_connection(("127.0.0.1", small.port), timeout=30) as first:
                first.sendall(head + body[:1000])
                # Connections that come at once may be read in any order.
                self.assertEqual([small.get("/ping").status for _ in range(2)], [200, 200])
                small.until(lambda: small.post("/run", body).status == 429, 10, "a refusal")
                self.assertEqual(small.post("/run", body).headers["Retry-After"], "1")
                self.assertEqual(self.chunked(small, body), 429)
                self.assertEqual(small.post("/run", {"input": tts()}).status, 200)
                first.sendall(body[1000:])
                self.assertTrue(first.recv(4096).startswith(b"HTTP/1.1 200"))
                # The connection stays open; its request is over.
                self.assertEqual(small.post("/run", body).status, 200)
            self.assertEqual(self.chunked(small, body), 200)

    def chunked(self, to, body):
        connection = http.client.HTTPConnection("127.0.0.1", to.port, timeout=30)
        connection.request("POST", "/run", iter([body]), encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status

    def test_listeners_that_leave(self):
        """Speech that nobody waits for any more ends soon."""
        story = json.dumps({"input": "A long story, told slowly. " * 180, "response_format": "pcm"})
        request = ("POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                   % (len(story), story)).encode()
        with Server(options, "--workers", "1", "--max-live", "20") as small:
            crowd = [socket.create_connection(("127.0.0.1", small.port)) for _ in range(15)]
            for connection in crowd:
                connection.sendall(request)
            small.until(lambda: small.get("/health").json["workers"]["running"] == 1, 30, "a start")
            for connection in crowd:
                connection.close()
            start = time.monotonic()
            answer = small.post("/v1/audio/speech", {"input": "Hello.", "response_format": "pcm"})
            self.assertEqual(answer.status, 200)
            print("  heard %.1f s after 15 listeners left" % (time.monotonic() - start))
            self.assertLess(time.monotonic() - start, 20)
            # Who closes only the end that it sends with hears why there is nothing to hear.
            blocker = small.run(tts("A long story, told slowly. " * 180))
            small.until(lambda: small.status(blocker).json["status"] == "IN_PROGRESS", 30, "a start")
            with socket.create_connection(("127.0.0.1", small.port), timeout=120) as half:
                half.sendall(request)
                half.shutdown(socket.SHUT_WR)
                time.sleep(1)
                small.post("/cancel/" + blocker)
                answer = b""
                while piece := half.recv(4096):
                    answer += piece
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:300])
            self.assertIn(b"expected a connection that stays open until the answer, got its end", answer)

    def test_full_queue(self):
        with Server(options, "--max-queue", "50", "--workers", "1") as small:
            blocker = small.run(tts("A long story, told slowly. " * 180))
            small.until(lambda: small.status(blocker).json["status"] == "IN_PROGRESS", 30, "a start")
            connection = http.client.HTTPConnection("127.0.0.1", small.port, timeout=30)
            body = json.dumps({"input": tts()})
            counts = {}
            for _ in range(options.flood):
                connection.request("POST", "/run", body)
                answer = connection.getresponse()
                answer.read()
                counts[answer.status] = counts.get(answer.status, 0) + 1
                if answer.status == 429:
                    self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            connection.close()
            print("  %d requests: %s" % (options.flood, counts))
            self.assertEqual(set(counts), {200, 429})
            self.assertEqual(small.post("/purge-queue").json["removed"], counts[200])
            self.assertEqual(small.get("/health").json["jobs"]["inQueue"], 0)
            small.post("/cancel/" + blocker)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--requests", type=int, default=200, help="malformed requests")
    parser.add_argument("--files", type=int, default=8, help="broken audio files")
    parser.add_argument("--flood", type=int, default=300, help="requests to a full queue")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
