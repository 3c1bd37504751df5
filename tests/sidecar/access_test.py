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
        magic = {"wav": b"RIFF", "pcm": b"", "opus": b"OggS", "flac": b"fLaC", "mp3": b""}
        for name, start in magic.items():
            answer = server.post("/v1/audio/speech", {"model": "chatterbox", "input": "Hello.",
                                                      "voice": "default", "response_format": name})
            if answer.status == 400 and name in ("mp3", "opus", "flac"):
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
                             ({"input": "Hi", "speed": 9}, 400), ({"input": "Hi", "stream_format": "sse"}, 400)):
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
        result = subprocess.run([options.server, "--listen", "0.0.0.0:0", "--data-dir", server.data],
                                capture_output=True, timeout=30, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"expected a loopback address", result.stderr)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
