#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""OpenAI's routes, the routes about the server, keys and TLS, over real HTTP."""
import socket
import unittest

from client import *

options = None
server = None


def setUpModule():
    global server
    server = Server(options)


def tearDownModule():
    server.close()


class OpenAi(unittest.TestCase):
    def test_formats(self):
        magic = {"wav": b"RIFF", "pcm": b"", "opus": b"OggS", "flac": b"fLaC", "mp3": b"", "aac": b"\xff"}
        for name, start in magic.items():
            answer = server.post("/v1/audio/speech", {"model": "chatterbox", "input": "Hello.",
                                                      "voice": "default", "response_format": name})
            if answer.status == 400 and name in ("mp3", "opus", "flac", "aac"):
                self.assertIn("response_format", answer.json["error"]["message"])
                continue
            self.assertEqual(answer.status, 200, (name, answer.body[:200]))
            self.assertTrue(answer.body.startswith(start), name)
            self.assertGreater(len(answer.body), 1000, name)

    def test_speed(self):
        lengths = [len(server.post("/v1/audio/speech", {
            "input": "Hello there.", "response_format": "pcm", "seed": 1, "speed": speed}).body)
                   for speed in (1, 2)]
        self.assertAlmostEqual(lengths[0] / lengths[1], 2, places=2)

    def test_errors(self):
        for body, status in ((b"x", 400), ({"input": ""}, 400), ({"input": "Hi", "voice": "Nobody"}, 404),
                             ({"input": "Hi", "response_format": "midi"}, 400),
                             ({"input": "Hi", "speed": 9}, 400), ({"input": "Hi", "stream_format": "midi"}, 400)):
            answer = server.post("/v1/audio/speech", body)
            self.assertEqual(answer.status, status, body)
            self.assertLessEqual({"message", "type", "code"}, set(answer.json["error"]))

    def test_audio_comes_in_pieces(self):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/v1/audio/speech", json.dumps(
            {"input": "One sentence. And another one, which is longer than the first. And a third.",
             "response_format": "pcm", "chunk_size": 10}))
        response = connection.getresponse()
        self.assertEqual(response.headers["Transfer-Encoding"], "chunked")
        first = response.read(2)
        self.assertEqual(server.get("/health").json["workers"]["running"], 1)
        self.assertGreater(len(first + response.read()), 48000)
        connection.close()

    def test_defaults_of_clients(self):
        """The standard names of voices and models."""
        for voice in ("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage",
                      "shimmer", "verse", "marin", "cedar", {"id": "Amy"}, {"id": "alloy"}):
            answer = server.post("/v1/audio/speech", {"model": "tts-1", "input": "Hi.", "voice": voice,
                                                      "response_format": "pcm"})
            self.assertEqual(answer.status, 200, (voice, answer.body[:200]))
        for name in ("chatterbox", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"):
            self.assertEqual(server.get("/v1/models/" + name).json["id"], name)

    def test_events(self):
        body = {"input": "Hello there, and good bye.", "stream_format": "sse", "response_format": "pcm",
                "seed": 4, "chunk_size": 10}
        answer = server.post("/v1/audio/speech", dict(body, word_timestamps=True))
        self.assertEqual(answer.headers["Content-Type"], "text/event-stream")
        events = [json.loads(line[6:]) for line in answer.body.decode().split("\n\n") if line]
        self.assertEqual({event["type"] for event in events[:-1]}, {"speech.audio.delta"})
        self.assertEqual(events[-1]["type"], "speech.audio.done")
        usage = events[-1]["usage"]
        self.assertEqual(usage["input_tokens"] + usage["output_tokens"], usage["total_tokens"])
        audio = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
        self.assertEqual(audio, server.post("/v1/audio/speech", {
            key: value for key, value in body.items() if key != "stream_format"}).body)
        words = [word for event in events[:-1] for word in event.get("words", [])]
        print("  words:", [word["word"] for word in words])
        for word in words:
            self.assertLessEqual(word["start"], word["end"])

    def test_lengths_in_headers(self):
        """Known when speech is made before it is sent, as another speed is."""
        answer = server.post("/v1/audio/speech", {"input": "Hello.", "response_format": "wav", "speed": 1.5})
        self.assertEqual(int.from_bytes(answer.body[40:44], "little"), len(answer.body) - 44)
        self.assertEqual(int.from_bytes(answer.body[4:8], "little"), len(answer.body) - 8)

    def test_models_and_query(self):
        self.assertEqual(server.get("/v1/models").json["data"][0]["id"], "chatterbox")
        self.assertEqual(server.get("/v1/models/chatterbox").status, 200)
        self.assertEqual(server.get("/v1/models/other").status, 404)
        answer = server.get("/v1/audio/speech?input=Hello&response_format=wav")
        self.assertEqual((answer.status, answer.body[:4]), (200, b"RIFF"))

    def test_metrics_and_page(self):
        self.assertEqual(server.wait(server.run(tts()))["status"], "COMPLETED")
        text = server.get("/metrics").body.decode()
        for name in ("chatterbox_jobs{state=\"queued\"}", "chatterbox_requests_total",
                     "chatterbox_queue_seconds_count"):
            self.assertIn(name, text)
        page = server.get("/")
        self.assertEqual(page.status, 200)
        self.assertIn(b"<!doctype html>", page.body)


class Keys(unittest.TestCase):
    def test_keys_and_tls_refusals(self):
        with Server(options, key=KEY) as locked:
            for header in ("", "Bearer", "Bearer x", "Bearer " + KEY[:-1], "Basic " + KEY):
                answer = locked.post("/run", {"input": tts()}, headers={"Authorization": header})
                self.assertEqual((answer.status, answer.json["error"]), (401, "Unauthorized"), header)
            for header in ("Bearer " + KEY, "bearer " + KEY, KEY):
                self.assertEqual(locked.get("/health", headers={"Authorization": header}).status, 200)
            self.assertEqual(locked.get("/", headers={"Authorization": ""}).status, 200)
            self.assertNotIn(KEY, locked.read_log())

    def test_tls(self):
        import shutil
        import ssl
        import urllib.request
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        names = [os.path.join(server.data, name) for name in ("key.pem", "certificate.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", names[0], "-out", names[1]], check=True, capture_output=True)
        with Server(options, "--tls-key", names[0], "--tls-certificate", names[1],
                    "--header-seconds", "2", "--max-connections", "20", wait_for_model=False) as locked:
            self.assertTrue(locked.address.startswith("https://"))
            trust = ssl.create_default_context(cafile=names[1])
            with urllib.request.urlopen(locked.address + "health", context=trust, timeout=30) as answer:
                self.assertIn("workers", json.load(answer))
            # What was broken long ago is not spoken.
            for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
                old = ssl.create_default_context(cafile=names[1])
                old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, version
                old.set_ciphers("ALL:@SECLEVEL=0")
                with self.assertRaises(OSError):
                    urllib.request.urlopen(locked.address + "ping", context=old, timeout=10)
            # Whoever never shakes hands is dropped like any other slow client.
            with socket.create_connection(("127.0.0.1", locked.port), timeout=10) as silent:
                silent.sendall(b"\x16\x03\x01")
                self.assertEqual(silent.recv(100), b"")
            # Handshakes that fail take no place from others.
            for _ in range(30):
                with socket.create_connection(("127.0.0.1", locked.port), timeout=10) as plain:
                    plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    try:
                        while plain.recv(100):
                            pass
                    except ConnectionResetError:
                        pass  # hung up with some of it unread
            with urllib.request.urlopen(locked.address + "health", context=trust, timeout=30) as answer:
                self.assertIn("workers", json.load(answer))

    def test_no_key_means_loopback(self):
        # Told first, also where there is no model.
        for more in (["--model-path", options.model], ["--model-path", "/nonexistent"]):
            result = self.refused("--listen", "0.0.0.0:0", *more)
            self.assertIn(b"expected a loopback address", result.stderr)

    def refused(self, *flags, data=None):
        data = data or tempfile.mkdtemp(prefix="chatterbox-test-")
        result = subprocess.run([options.server, "--data-dir", data] + list(flags),
                                capture_output=True, timeout=30, check=False)
        self.assertEqual(result.returncode, 2)
        return result

    def test_two_servers_on_one_directory(self):
        result = self.refused("--listen", "127.0.0.1:0", data=server.data)
        self.assertIn(b"expected a directory that no other server uses", result.stderr)
        self.assertEqual(server.get("/ping").status, 200)

    def test_a_damaged_database(self):
        data = tempfile.mkdtemp(prefix="chatterbox-test-")
        with open(os.path.join(data, "jobs.sqlite"), "wb") as file:
            file.write(b"no database at all " * 1000)
        result = self.refused("--listen", "127.0.0.1:0", data=data)
        self.assertIn(b"jobs.sqlite", result.stderr)
        with Server(options) as one:
            for _ in range(5):
                one.wait(one.run(tts("Hello.")))
            time.sleep(1.5)   # until it is in its place
            one.kill()
            path = os.path.join(one.data, "jobs.sqlite")
            with open(path, "r+b") as file:
                for at in range(10 * 4096, os.path.getsize(path) - 4096, 4096):
                    file.seek(at)
                    file.write(b"\x5a" * 2000)
            one.start(wait_for_model=False)
            one.until(lambda: one.get("/ping").status == 503, 30, "the finding")
            self.assertEqual(one.get("/ping").json["error"], "Storage unavailable")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
