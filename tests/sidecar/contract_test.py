#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What clients of the interface rely on, over real HTTP."""
import unittest

from client import *

options = None
server = None
SPEECH = None


def setUpModule():
    global server, SPEECH
    server = Server(options, "--workers", "2")
    SPEECH = tone(5.5)


def tearDownModule():
    server.close()


class Transport(unittest.TestCase):
    def test_run_status_output(self):
        answer = server.post("/v2/any-endpoint/run", {"input": tts()})
        self.assertEqual(answer.status, 200)
        self.assertEqual(set(answer.json), {"id", "status"})
        self.assertEqual(answer.json["status"], "IN_QUEUE")
        job = answer.json["id"]
        done = server.wait(job)
        self.assertEqual(done["status"], "COMPLETED", done)
        for field in ("delayTime", "executionTime"):
            self.assertIsInstance(done[field], int)
            self.assertGreaterEqual(done[field], 0)
        for path in ("/status/", "/v2/other/status/"):
            for method in ("GET", "POST"):
                self.assertEqual(server.request(method, path + job).json["output"], done["output"])

    def test_runsync_answers_whole_job(self):
        answer = server.post("/runsync", {"input": tts()})
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.json["id"].startswith("sync-"))
        self.assertEqual(answer.json["status"], "COMPLETED")
        self.assertGreater(len(read_wav(answer.json["output"]["audio"])[1]), 2400)

    def test_runsync_answers_unfinished_job_after_wait(self):
        answer = server.post("/runsync?wait=1000", {"input": tts("A long story. " * 300)})
        self.assertEqual(answer.status, 200)
        self.assertIn(answer.json["status"], ("IN_QUEUE", "IN_PROGRESS"))
        self.assertNotIn("output", answer.json)
        cancelled = server.post("/cancel/" + answer.json["id"], b"")
        self.assertEqual(cancelled.json["status"], "CANCELLED")

    def test_cancel_stops_the_engine(self):
        job = server.run(tts("Once upon a time there was a long story. " * 100))
        server.until(lambda: server.status(job).json["status"] == "IN_PROGRESS", 30, "a start")
        answer = server.post("/cancel/" + job)
        self.assertEqual((answer.status, answer.json["status"]), (200, "CANCELLED"))
        server.until(lambda: server.get("/health").json["workers"]["running"] == 0, 5,
                     "the end of work")
        self.assertEqual(server.status(job).json["status"], "CANCELLED")

    def test_ttl_of_a_status_request(self):
        """It takes the place of the policy's; what is no number changes nothing."""
        job = server.run(tts())
        server.wait(job)
        self.assertEqual(server.get("/status/%s?ttl=never" % job).status, 200)
        time.sleep(0.6)
        self.assertEqual(server.get("/status/%s?ttl=1" % job).json["status"], "COMPLETED")
        server.until(lambda: server.status(job).status == 404, 10, "the end of a job")

    def test_unknown_job(self):
        for method, path in (("GET", "/status/x"), ("GET", "/stream/x"), ("POST", "/cancel/x"),
                             ("POST", "/retry/x"), ("GET", "/status/" + "y" * 5000),
                             ("GET", "/status/..%2f..%2fetc%2fpasswd")):
            answer = server.request(method, path)
            self.assertIn(answer.status, (400, 404), path)
            if answer.body:
                self.assertIn("error", answer.json)

    def test_unknown_route_and_method(self):
        self.assertEqual(server.get("/nothing").status, 404)
        answer = server.get("/run")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))
        self.assertEqual(server.request("DELETE", "/health").status, 405)

    def test_health(self):
        health = server.get("/health").json
        self.assertEqual(set(health["jobs"]),
                         {"completed", "failed", "inProgress", "inQueue", "retried"})
        self.assertLessEqual({"idle", "running", "initializing", "ready", "throttled"},
                             set(health["workers"]))

    def test_bad_bodies(self):
        for body in (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"input": 3}', b'{"input": null}',
                     b"{}", b'{"input": {}} x', b'{"input": {"text": "\\u0000"}}',
                     b"[" * 100000, b'{"input": {}, "policy": 3}',
                     b'{"input": {}, "policy": {"ttl": 1}}', b'{"input": {}, "webhook": "file:///x"}',
                     b'{"input": {}, "webhook": "http://169.254.169.254/"}', b"/* x */ {}",
                     b"var x = {};"):
            answer = server.post("/run", body)
            self.assertEqual(answer.status, 400, body[:50])
            self.assertIn("expected", answer.json["message"], body[:50])

    def test_unknown_fields_beside_input(self):
        done = server.post("/runsync", {"input": {"operation": "list_local_voices"}, "s3Config": {}, "s4Config": {},
                                        "policy": {"ttl": 60000, "odd": 1}}).json
        self.assertEqual(done["output"]["warnings"], ["unknown field 's4Config' was ignored",
                                                      "unknown field 'policy.odd' was ignored"])

    def test_stream_of_a_cancelled_job_ends(self):
        job = server.run(tts("A long story. " * 300))
        server.post("/cancel/" + job)
        # A client that does not know CANCELLED asks again and gets a state that it knows.
        self.assertEqual([server.get("/stream/" + job).json["status"] for _ in range(3)],
                         ["CANCELLED", "TIMED_OUT", "TIMED_OUT"])
        self.assertEqual(server.status(job).json["status"], "CANCELLED")

    def test_retry_only_what_failed(self):
        refused = server.run(tts("x", sample_rate=5))
        failed = server.wait(refused)
        self.assertEqual(failed["status"], "FAILED")
        self.assertEqual((failed["delayTime"], failed["executionTime"]), (0, 0))
        # Why it was refused is kept, the request is not.
        self.assertEqual(server.post("/retry/" + refused).status, 400)
        job = server.run(tts("x", voice_name="Nobody"))
        self.assertEqual(server.wait(job)["status"], "FAILED")
        self.assertEqual(server.post("/retry/" + job).json, {"id": job, "status": "IN_QUEUE"})
        self.assertEqual(server.wait(job)["status"], "FAILED")
        done = server.post("/runsync", {"input": {"operation": "list_local_voices"}}).json["id"]
        self.assertEqual(server.post("/retry/" + done).status, 400)

    def test_foreign_pages_are_refused(self):
        for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
            self.assertEqual(server.post("/run", {"input": tts()}, headers=headers).status, 403)
        own = {"Origin": "http://127.0.0.1:%d" % server.port}
        self.assertEqual(server.get("/health", headers=own).status, 200)

    def test_log_has_ids_and_no_content(self):
        secret = "Zanzibar marmalade"
        job = server.run(tts(secret))
        server.wait(job)
        text = server.read_log()
        self.assertIn(job, text)
        self.assertNotIn("Zanzibar", text)


class Errors(unittest.TestCase):
    """The documented sentence in "error", expected and got in "message"."""

    def expect(self, fields, error, *words):
        job = server.run(fields)
        failed = server.wait(job)
        self.assertEqual(failed["status"], "FAILED", fields)
        self.assertEqual(failed["error"], error)
        for word in ("expected",) + words:
            self.assertIn(word, failed["message"])

    def test_documented_sentences(self):
        self.expect(tts(voice_name="InvalidName"), "Voice 'InvalidName' not found in any library")
        self.expect({"operation": "invalid_op"}, "Unknown operation: invalid_op", "tts")
        self.expect(tts(mode="odd"), "Unknown mode: odd", "streaming")
        self.expect(tts(""), "Text cannot be empty")
        self.expect(tts(" \u2003\n"), "Text cannot be empty")
        self.expect({"operation": "tts"}, "Text cannot be empty")
        self.expect(tts("a" * 5001), "Text too long (max 5000 characters)", "5000", "5001")

    def test_ranges_and_types(self):
        for name, bad in (("chunk_size", 0), ("chunk_size", 101), ("chunk_size", 2.5),
                          ("chunk_size", "25"), ("exaggeration", 1.01), ("exaggeration", -0.1),
                          ("cfg_weight", 2), ("temperature", 0.05), ("temperature", 2.1),
                          ("sample_rate", 100), ("sample_rate", True), ("print_metrics", "yes"),
                          ("audio_normalization", "loud"), ("max_reference_duration_sec", 0),
                          ("text", 7), ("voice_name", []), ("seed", -1), ("no_watermark", 1),
                          ("temperature", 3)):
            self.expect(dict(tts(), **{name: bad}), "Invalid value for " + name, name, "got")

    def test_base64_and_audio(self):
        self.expect(tts(reference_audio="UklGRg="), "Incorrect padding", "reference_audio")
        self.expect(tts(reference_audio="!!!!"), "Invalid base64 in reference_audio", "position")
        self.expect({"operation": "voice_conversion", "voice_name": "x"}, "input_audio is required")
        self.expect({"operation": "voice_conversion", "input_audio": b64(b"no audio" * 50),
                     "target_speaker": b64(SPEECH)}, "Could not decode input_audio", "bytes")
        self.expect({"operation": "voice_conversion", "input_audio": b64(SPEECH)},
                    "A target voice is required")

    def test_cloning(self):
        clone = {"operation": "voice_cloning", "voice_name": "Short", "reference_audio": b64(tone(2))}
        self.expect(clone, "Reference audio too short", "5 to 60")
        for name in ("../../etc/passwd", "a/b", ".hidden", "a\nb", "x" * 65, " lead"):
            self.expect(dict(clone, voice_name=name), "Invalid voice_name")
        self.expect(dict(clone, voice_name=""), "voice_name is required")

    def test_transfer(self):
        base = {"operation": "voice_transfer", "input_audio": b64(SPEECH)}
        self.expect(base, "transfer_mode is required")
        self.expect(dict(base, transfer_mode="odd"), "Unknown transfer_mode: odd")
        self.expect(dict(base, transfer_mode="audio"), "target_audio is required")
        self.expect(dict(base, transfer_mode="embedding"), "A target voice is required")
        self.expect(dict(base, transfer_mode="audio", input_is_url=True),
                    "input_is_url is not supported")


class Speech(unittest.TestCase):
    def run_output(self, **fields):
        done = server.wait(server.run(tts(**fields)))
        self.assertEqual(done["status"], "COMPLETED", done)
        return done["output"]

    def test_basic_fields(self):
        output = self.run_output(text="Good morning.", unheard_of=1)
        rate, samples = read_wav(output["audio"])
        self.assertEqual((rate, output["sample_rate"]), (24000, 24000))
        self.assertAlmostEqual(output["duration"], len(samples) / 24000, places=4)
        self.assertGreater(max(samples), 500)
        self.assertEqual((output["text"], output["mode"], output["operation"], output["format"]),
                         ("Good morning.", "basic", "tts", "wav"))
        self.assertIn("%.2f s of speech" % output["duration"], output["info"])
        self.assertIs(type(output["watermark_applied"]), bool)
        parameters = output["parameters"]
        self.assertEqual((parameters["voice_cloning"], parameters["voice_id"],
                          parameters["voice_name"]), (False, "none", "none"))
        self.assertEqual(output["warnings"], ["unknown field 'unheard_of' was ignored"])

    def test_sample_rate(self):
        for rate in (8000, 16000, 44100, 48000):
            for mode in ("basic", "streaming"):
                output = self.run_output(text="Hello.", sample_rate=rate, mode=mode, seed=1)
                got, samples = read_wav(output["audio"])
                self.assertEqual((got, output["sample_rate"]), (rate, rate))
                if rate == 8000:
                    reference = len(samples) / rate
                self.assertAlmostEqual(len(samples) / rate, reference, delta=0.02)

    def test_normalization(self):
        _, samples = read_wav(self.run_output(audio_normalization="peak")["audio"])
        self.assertGreaterEqual(max(abs(s) for s in samples), 32700)
        _, samples = read_wav(self.run_output(audio_normalization="rms")["audio"])
        rms = (sum(s * s for s in samples) / len(samples)) ** 0.5 / 32767
        self.assertAlmostEqual(rms, 0.1, delta=0.005)

    def test_seed_repeats(self):
        first = self.run_output(seed=7)["audio"]
        self.assertEqual(first, self.run_output(seed=7)["audio"])
        self.assertNotEqual(first, self.run_output(seed=8)["audio"])

    def test_streaming(self):
        job = server.run(tts("One sentence to hear. And another one, which comes later. "
                             "And here is the third of them.", mode="streaming", chunk_size=10))
        pieces, early, statuses = [], 0, []
        while not statuses or statuses[-1] not in FINAL:
            answer = server.get("/stream/" + job).json
            statuses.append(answer["status"])
            self.assertIsInstance(answer["stream"], list)
            for piece in answer["stream"]:
                chunk = piece["output"]
                self.assertEqual(chunk["chunk"], len(pieces))
                pieces.append(chunk)
                early += answer["status"] == "IN_PROGRESS"
        self.assertEqual(statuses[-1], "COMPLETED")
        self.assertGreater(early, 1, "chunks while more was made")
        output = server.status(job).json["output"]
        rate, whole = read_wav(output["audio"])
        joined = b"".join(bytes(read_wav(chunk["audio"])[1]) for chunk in pieces)
        self.assertEqual(joined, bytes(whole))
        metrics = output["streaming_metrics"]
        self.assertEqual(metrics["total_chunks"], len(pieces))
        self.assertAlmostEqual(metrics["audio_duration"], len(whole) / rate, places=3)
        self.assertLess(metrics["first_chunk_latency"], metrics["total_generation_time"])
        self.assertEqual(sum(d["chunk_shape"][1] for d in metrics["chunk_details"]), len(whole))
        # Delivered once.
        self.assertEqual(server.get("/stream/" + job).json["stream"], [])

    def test_stream_of_a_job_without_chunks(self):
        job = server.run(tts())
        server.wait(job)
        answer = server.get("/stream/" + job).json
        self.assertEqual(answer["status"], "COMPLETED")
        self.assertEqual([list(piece) for piece in answer["stream"]], [["output"]])

    def test_cloning_defaults(self):
        output = self.run_output(text="Hi there.", mode="streaming_voice_cloning", cfg=0.2,
                                 print_metrics=False, stream_format="pcm")
        self.assertEqual((output["parameters"]["chunk_size"], output["parameters"]["exaggeration"],
                          output["parameters"]["cfg_weight"]), (25, 0.7, 0.2))
        self.assertNotIn("streaming_metrics", output)

    def test_reference_audio(self):
        output = self.run_output(text="Hi.", reference_audio="data:audio/wav;base64," + b64(SPEECH))
        self.assertIs(output["parameters"]["voice_cloning"], True)


class VoiceOperations(unittest.TestCase):
    def complete(self, fields):
        done = server.wait(server.run(fields))
        self.assertEqual(done["status"], "COMPLETED", done)
        return done["output"]

    def test_clone_use_list_and_refuse_twice(self):
        clone = {"operation": "voice_cloning", "reference_audio": b64(tone(6, 44100)),
                 "voice_name": "Zoë Tester", "voice_description": "a buzz"}
        output = self.complete(clone)
        info = output["voice_info"]
        self.assertEqual((info["voice_name"], info["description"], info["sample_rate"], info["type"]),
                         ("Zoë Tester", "a buzz", 44100, "user_cloned_voice"))
        self.assertAlmostEqual(info["duration"], 6.0, places=1)
        self.assertRegex(info["created_at"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        self.assertEqual((output["success"], output["saved_to_library"], output["sample_rate"],
                          output["operation"]), (True, True, 24000, "voice_cloning"))
        self.assertIn("Zoë Tester", output["message"])
        read_wav(output["sample_audio"])
        use = output["usage_instructions"]["tts_basic"]
        spoken = self.complete(dict(use, text="Hello."))
        self.assertEqual(spoken["parameters"]["voice_name"], "Zoë Tester")
        by_id = self.complete(tts("Hello.", voice_id=info["voice_id"]))
        self.assertEqual(by_id["parameters"]["voice_id"], info["voice_id"])
        listed = self.complete({"operation": "list_local_voices"})
        mine = [v for v in listed["local_voices"] if v["voice_id"] == info["voice_id"]]
        self.assertEqual([(v["speaker_name"], v["type"]) for v in mine],
                         [("Zoë Tester", "user_cloned_voice")])
        again = server.wait(server.run(clone))
        self.assertEqual(again["error"], "Voice 'Zoë Tester' already exists")

    def test_list(self):
        output = self.complete({"operation": "list_local_voices"})
        voices = output["local_voices"]
        self.assertEqual(output["total_local_voices"], len(voices))
        self.assertEqual(output["stats"]["total_voices"], len(voices))
        self.assertEqual(sum(output["stats"]["gender_distribution"].values()), len(voices))
        for voice in voices:
            self.assertLessEqual({"voice_id", "speaker_name", "gender", "duration",
                                  "original_file", "type"}, set(voice))
            self.assertRegex(voice["voice_id"], r"^[0-9a-f]{8}$")

    def test_not_saved(self):
        output = self.complete({"operation": "voice_cloning", "reference_audio": b64(SPEECH),
                                "voice_name": "Passing", "save_to_library": False})
        self.assertIs(output["saved_to_library"], False)
        failed = server.wait(server.run(tts(voice_name="Passing")))
        self.assertEqual(failed["error"], "Voice 'Passing' not found in any library")

    def test_long_reference_is_cut(self):
        output = self.complete({"operation": "voice_cloning", "reference_audio": b64(tone(65, 8000, 100)),
                                "voice_name": "Long", "save_to_library": False})
        self.assertEqual(output["voice_info"]["duration"], 60)
        self.assertIn("the first 60 s were used", output["warnings"][0])
        # What might have been better about the recording follows.
        self.assertTrue(all(one.startswith("reference_audio: ") for one in output["warnings"]))

    def test_conversion(self):
        output = self.complete({"operation": "voice_conversion", "input_audio": b64(tone(2)),
                                "target_speaker": b64(SPEECH), "no_watermark": True})
        rate, samples = read_wav(output["audio"])
        self.assertEqual((rate, output["sample_rate"], output["format"], output["model"],
                          output["operation"]), (24000, 24000, "wav", "s3gen", "voice_conversion"))
        self.assertAlmostEqual(len(samples) / rate, 2.0, places=2)
        self.assertAlmostEqual(output["duration"], 2.0, places=2)
        self.assertIs(output["watermark_applied"], False)

    def test_transfer_audio(self):
        output = self.complete({"operation": "voice_transfer", "transfer_mode": "audio",
                                "input_audio": b64(tone(1.5)), "target_audio": b64(SPEECH)})
        self.assertEqual(output["transfer_info"]["transfer_mode"], "audio")
        self.assertAlmostEqual(output["input_duration"], 1.5, places=2)
        self.assertIn("seconds", output["processing_time"])

    def test_transfer_embedding(self):
        voices = self.complete({"operation": "list_local_voices"})["local_voices"]
        if not voices:
            self.skipTest("no voices are installed")
        name = voices[0]["speaker_name"]
        output = self.complete({"operation": "voice_transfer", "transfer_mode": "embedding",
                                "input_audio": b64(tone(1)), "voice_name": name.upper()})
        self.assertEqual(output["transfer_info"], {"transfer_mode": "embedding",
                                                   "target_voice": name, "source": "voice_library"})


    def test_watermark(self):
        text = "The boats came back before dawn."
        for declined in (False, True):
            speech = self.complete(tts(text=text, seed=4, no_watermark=declined))
            self.assertIs(speech["watermark_applied"], not declined)
            found = self.complete({"operation": "watermark_detection",
                                   "input_audio": speech["audio"]})
            self.assertEqual(found["operation"], "watermark_detection")
            self.assertIs(found["watermark_detected"], not declined)
            self.assertEqual(found["confidence"] >= 0.5, not declined)
            self.assertAlmostEqual(found["duration"], speech["duration"], places=2)
        failed = server.wait(server.run({"operation": "watermark_detection"}))
        self.assertEqual(failed["error"], "input_audio is required")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
