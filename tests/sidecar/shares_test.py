#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Several customers on one server: whatever one of them fills, there is room for another."""
import socket
import unittest

from owners import *

options = None
EIGHT = KEYS[:2] + ["key-of-another-%d-0123456789" % number for number in range(6)]


class Shares(unittest.TestCase):
    def test_a_queue_that_one_fills(self):
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--workers", "1",
                    "--max-queue", "20") as one:
            blocker = run(one, 0, tts("A long story, told slowly. " * 150)).json["id"]
            answers = [run(one, 0, tts("More.")).status for _ in range(30)]
            self.assertEqual(answers.count(429), 30 - answers.count(200))
            self.assertLessEqual(answers.count(200), 11)
            self.assertEqual([run(one, 1, tts("Mine.")).status for _ in range(9)], [200] * 9)
            one.post("/cancel/" + blocker, headers=as_key(0))
            one.post("/purge-queue", headers=as_key(0))
            one.post("/purge-queue", headers=as_key(1))

    def test_bytes_of_a_queue_that_one_fills(self):
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--workers", "1", "--max-queue-mb", "8") as one:
            blocker = run(one, 0, tts("A long story, told slowly. " * 150)).json["id"]
            one.until(lambda: one.get("/status/" + blocker, headers=as_key(0)).json["status"] == "IN_PROGRESS",
                      30, "a start")
            large = dict(tts("Mine."), filler="x" * 1_200_000)
            # Three fit into a share of 4 MB.
            self.assertEqual([run(one, 0, large).status for _ in range(5)], [200] * 3 + [429] * 2)
            self.assertEqual([run(one, 1, large).status for _ in range(4)], [200] * 3 + [429])
            # Small ones still have room.
            self.assertEqual([run(one, number, tts("Small.")).status for number in (0, 1)], [200, 200])
            for number in (0, 1):
                one.post("/purge-queue", headers=as_key(number))
            one.post("/cancel/" + blocker, headers=as_key(0))
            self.assertEqual([run(one, 0, large).status for _ in range(3)], [200] * 3)

    def test_results_on_disk_that_one_fills(self):
        """How large results are shows when they are there: whose share is full waits, and nobody else."""
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--workers", "1", "--max-kept-mb", "8",
                    "--result-seconds", "600") as one:
            story = tts("A sentence to be resampled. " * 14, sample_rate=96000)
            mine = [run(one, 0, story).json["id"] for _ in range(4)]
            self.assertEqual(wait(one, 0, mine[0], 120)["status"], "COMPLETED")
            size = len(one.get("/status/" + mine[0], headers=as_key(0)).body)
            self.assertGreater(size, 4_500_000)
            # Another's come and go.
            for _ in range(3):
                self.assertEqual(wait(one, 1, run(one, 1, tts("Mine.")).json["id"])["status"], "COMPLETED")
            self.assertEqual(one.get("/status/" + mine[2], headers=as_key(0)).json["status"], "IN_QUEUE")
            self.assertEqual(run(one, 0, tts("More.")).status, 429)
            # Once there is room the next one is made.
            one.get("/status/%s?ttl=1" % mine[0], headers=as_key(0))
            self.assertEqual(wait(one, 0, mine[1], 120)["status"], "COMPLETED")

    def begin(self, one, number, path, length, body=b""):
        """A connection on which a body of that length is announced, and some of it sent."""
        connection = socket.create_connection(("127.0.0.1", one.port), timeout=30)
        connection.sendall(("POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                            "Content-Length: %d\r\n\r\n" % (path, KEYS[number], length)).encode() + body)
        return connection

    def test_requests_on_their_way_that_one_fills(self):
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--max-upload-mb", "16") as one:
            held = [self.begin(one, 0, "/run", 3_500_000, b" " * 100_000) for _ in range(2)]
            one.until(lambda: run(one, 0, dict(tts(), x="x" * 3_500_000)).status == 429, 20, "a full share")
            # One's own small ones, and another's of any size, go on.
            self.assertEqual(run(one, 0, tts("Small.")).status, 200)
            self.assertEqual(run(one, 1, dict(tts(), x="x" * 7_500_000)).status, 200)
            # So do those of one that sends in pieces without a length.
            def chunks():
                for _ in range(7):
                    yield b" " * 1_000_000
                yield b'{"input": {"operation": "none"}}'
            connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=30)
            connection.request("POST", "/run", chunks(), dict(as_key(1), **{"Transfer-Encoding": "chunked"}),
                               encode_chunked=True)
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
            for connection in held:
                connection.close()
            one.until(lambda: run(one, 0, dict(tts(), x="x" * 3_500_000)).status == 200, 20, "an empty share")

    def test_strangers_take_no_room_of_owners(self):
        """What needs no key holds no bytes: bodies sent with it are dropped, large ones refused."""
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--max-upload-mb", "16") as one:
            crowd = []
            for path, length in (("/ping", 60_000), ("/ping", 900_000), ("/", 900_000), ("/run", 900_000)):
                for _ in range(40):
                    connection = socket.create_connection(("127.0.0.1", one.port), timeout=30)
                    connection.sendall(("GET %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                                        % (path, length)).encode() + b" " * 50_000)
                    crowd.append(connection)
            for _ in range(40):
                connection = socket.create_connection(("127.0.0.1", one.port), timeout=30)
                connection.sendall(b"OPTIONS /run HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   b"c350\r\n" + b" " * 50_000 + b"\r\n")
                crowd.append(connection)
            time.sleep(0.5)
            for number in (0, 1):
                self.assertEqual(run(one, number, dict(tts(), x="x" * 7_500_000)).status, 200)
            for connection in crowd:
                connection.close()

    def test_answers_that_one_does_not_read(self):
        """Of parts of speech, which are made whole before they are sent."""
        # Of eight keys, so that a share is two megabytes.
        with Server(options, "--api-key-file", key_file(*EIGHT), "--max-answer-mb", "16") as one:
            def ask(number, words):
                connection = socket.socket()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.settimeout(240)
                connection.connect(("127.0.0.1", one.port))
                connection.sendall(("GET /v1/audio/speech?response_format=wav&input=%s HTTP/1.1\r\nHost: localhost\r\n"
                                    "Range: bytes=0-999999999\r\nAuthorization: Bearer %s\r\n\r\n"
                                    % ("Word%20after%20word.%20" * words, KEYS[number])).encode())
                crowd.append(connection)
                return int(connection.recv(4096).split()[1])
            crowd = []
            # More than a share, which one alone may have; then there is none left for another of the same key.
            self.assertEqual(ask(0, 60), 206)
            self.assertEqual(ask(0, 10), 503)
            for _ in range(2):
                self.assertEqual(ask(1, 10), 206)
            for connection in crowd:
                connection.close()
            one.until(lambda: ask(0, 10) == 206, 60, "room again")
            crowd[-1].close()

    def test_speech_that_one_does_not_read(self):
        """Workers make it and go on to another's, whether it fits into a share of what waits or not."""
        story = json.dumps({"input": "Word after word. " * 75, "response_format": "pcm"})
        for megabytes in (256, 16):
            with Server(options, "--api-key-file", key_file(*EIGHT), "--max-answer-mb", str(megabytes)) as one:
                crowd = []
                for _ in range(2):
                    connection = socket.socket()
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    connection.connect(("127.0.0.1", one.port))
                    connection.sendall(("POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n"
                                        "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s" %
                                        (KEYS[0], len(story), story)).encode())
                    crowd.append(connection)

                def running():
                    return one.get("/health", headers=as_key(0)).json["workers"]["running"]
                one.until(lambda: running() > 0, 60, "work")
                one.until(lambda: running() == 0, 600, "the end of work whose listeners do not listen")
                answer = one.post("/v1/audio/speech", {"input": "Hi.", "response_format": "pcm"},
                                  headers=as_key(1), timeout=120)
                self.assertEqual(answer.status, 200)
                # Whoever reads after all hears the whole, or that it broke off.
                whole = 0
                for connection in crowd:
                    connection.settimeout(120)
                    end = b""
                    try:
                        while piece := connection.recv(1 << 20):
                            end = (end + piece)[-20:]
                    except ConnectionResetError:
                        pass
                    whole += end.endswith(b"\r\n0\r\n\r\n")
                    connection.close()
                if megabytes == 256:
                    self.assertEqual(whole, len(crowd))
                else:
                    self.assertLess(whole, len(crowd))

    def test_voices_that_one_adds(self):
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--max-voices", "4") as one:
            recording = b64(speech_like(6))

            def add(number, name, **more):
                return one.post("/v1/audio/voices", dict(more, name=name, audio=recording), headers=as_key(number))
            # What is said of one is short: all of an owner's are read for each request with one.
            for more in ({"gender": "x" * 1_000_000}, {"description": "x" * 1001}, {"description": "x" * 5_000_000}):
                self.assertEqual(add(0, "Long", **more).status, 400)
            self.assertEqual(add(0, "First", description="\u00e4" * 500, gender="female").status, 201)
            self.assertEqual([add(0, name).status for name in ("Second", "Third")], [201, 400])
            clone = {"operation": "voice_cloning", "voice_name": "Third", "reference_audio": recording}
            done = wait(one, 0, run(one, 0, clone).json["id"])
            self.assertEqual((done["status"], done["error"]), ("FAILED", "Too many voices"))
            # One that is not kept needs no room.
            done = wait(one, 0, run(one, 0, dict(clone, save_to_library=False)).json["id"])
            self.assertEqual(done["status"], "COMPLETED")
            self.assertEqual([add(1, name).status for name in ("First", "Second")], [201, 201])
            self.assertEqual(one.request("DELETE", "/v1/audio/voices/First", headers=as_key(0)).status, 200)
            self.assertEqual(add(0, "Third").status, 201)
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--max-voices-mb", "1") as one:
            answers = [one.post("/v1/audio/voices", {"name": "Voice %d" % number, "audio": recording},
                                headers=as_key(0)).status for number in range(12)]
            self.assertEqual(set(answers), {201, 400}, answers)
            self.assertEqual(answers, sorted(answers))

    def test_recordings_that_take_long_to_read(self):
        """Whoever adds many keeps nobody's other requests waiting, and another's have their turn."""
        with Server(options, "--api-key-file", key_file(*KEYS[:2])) as one:
            # As long as one may be, and so sampled that reading takes a while.
            slow, quick = b64(speech_like(60, 48000)), b64(speech_like(6))
            crowd = [threading.Thread(target=lambda number=number: one.post(
                "/v1/audio/voices", {"name": "Slow %d" % number, "audio": slow}, headers=as_key(0), timeout=300))
                for number in range(12)]
            for thread in crowd:
                thread.start()
            time.sleep(0.5)
            start = time.monotonic()
            self.assertEqual(one.get("/v1/audio/voices", headers=as_key(1)).status, 200)
            self.assertEqual(run(one, 1, dict(tts(), x="x" * 200_000)).status, 200)
            self.assertLess(time.monotonic() - start, 3)
            answer = one.post("/v1/audio/voices", {"name": "Quick", "audio": quick}, headers=as_key(1), timeout=300)
            self.assertEqual(answer.status, 201)
            waiting = sum(thread.is_alive() for thread in crowd)
            print("  another's was added while %d of 12 waited" % waiting)
            self.assertGreater(waiting, 3)
            for thread in crowd:
                thread.join()

    def test_connections_that_one_holds(self):
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--max-connections", "40") as one:
            job = run(one, 0, tts("A long story, told slowly. " * 150)).json["id"]
            crowd = []
            for _ in range(30):
                connection = socket.create_connection(("127.0.0.1", one.port), timeout=30)
                connection.sendall(("GET /status-sync/%s?wait=60000 HTTP/1.1\r\nHost: localhost\r\n"
                                    "Authorization: Bearer %s\r\n\r\n" % (job, KEYS[0])).encode())
                crowd.append(connection)
            one.until(lambda: one.get("/health", headers=as_key(0)).status == 429, 10, "a full share")
            for _ in range(3):
                self.assertEqual(one.get("/health", headers=as_key(1)).status, 200)
            one.post("/purge-queue", headers=as_key(1))
            for connection in crowd:
                connection.close()
            one.until(lambda: one.get("/health", headers=as_key(0)).status == 200, 10, "an empty share")
            one.post("/cancel/" + job, headers=as_key(0))

    def test_refused_requests_are_counted_and_not_kept(self):
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--max-kept", "100") as one:
            filler = {"operation": "none", "text": "x" * 900_000}
            answers = [run(one, 0, filler).status for _ in range(80)]
            self.assertEqual(answers, [200] * 50 + [429] * 30)
            self.assertLess(self.on_disk(one), 5_000_000)
            self.assertEqual(run(one, 1, tts("Mine.")).status, 200)

    def on_disk(self, one):
        return sum(os.path.getsize(os.path.join(one.data, name)) for name in os.listdir(one.data)
                   if name.startswith("jobs.sqlite"))

    def test_reasons_are_short(self):
        """What a refusal quotes of a request is not the whole of it."""
        long = "\u00e4" * 1_000_000
        with Server(options, "--api-key-file", key_file(*KEYS[:2])) as one:
            for fields in ({"operation": long}, tts(mode=long), tts(audio_normalization=long),
                           tts(stream_format=long), tts(voice_name=long), tts(language_id=long),
                           {"operation": "voice_transfer", "transfer_mode": long},
                           {"prompt": "Hi.", "format": long}, tts(seed=long), {long: 1, "operation": "none"}):
                job = run(one, 0, fields).json["id"]
                done = wait(one, 0, job)
                self.assertEqual(done["status"], "FAILED", list(fields))
                self.assertLess(len(json.dumps(done)), 20_000, list(fields))
            self.assertLess(self.on_disk(one), 30_000_000)
            for path, body in (("/v1/audio/speech", {"input": "Hi.", "voice": long[:100_000]}),
                               ("/v1/audio/speech", {"input": "Hi.", "model": long[:100_000]}),
                               ("/v1/audio/voices", {"name": long, "audio": ""}),
                               ("/run", {"input": {}, "webhook": long})):
                answer = one.post(path, body, headers=as_key(0))
                self.assertIn(answer.status, (200, 400, 404), path)
                if answer.status != 200:
                    self.assertLess(len(answer.body), 20_000, path)
                    json.loads(answer.body.decode("utf-8"))

    def test_live_speech_that_one_fills(self):
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--workers", "1",
                    "--max-live", "8") as one:
            story = json.dumps({"input": "A long story, told slowly. " * 150, "response_format": "pcm"})
            crowd = []

            def knock():
                connection = socket.create_connection(("127.0.0.1", one.port))
                connection.sendall(("POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n"
                                    "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s" %
                                    (KEYS[0], len(story), story)).encode())
                crowd.append(connection)
                connection.settimeout(3)
                try:
                    return connection.recv(12)
                except TimeoutError:
                    return b""
            # One speaks, four wait; whoever comes then is sent away.
            self.assertIn(b"HTTP/1.1 429", [knock() for _ in range(7)])
            got = []
            thread = threading.Thread(target=lambda: got.append(one.post(
                "/v1/audio/speech", {"input": "Hi.", "response_format": "pcm"}, headers=as_key(1),
                timeout=120)))
            thread.start()
            time.sleep(0.3)
            for connection in crowd:
                connection.close()
            thread.join(120)
            self.assertEqual(got[0].status, 200)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
