#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Several customers on one server: none sees or stops what is another's."""
import re
import unittest

from owners import *

options = None
server = None


def setUpModule():
    global server
    server = Server(options, "--api-key-file", key_file(KEYS[0], KEYS[1]), "--workers", "1")


def tearDownModule():
    server.close()


class Jobs(unittest.TestCase):
    def test_ids_are_random(self):
        ids = [run(server, 0, {"operation": "none"}).json["id"] for _ in range(200)]
        self.assertEqual(len(set(ids)), 200)
        for one in ids:
            self.assertRegex(one, r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        # Every bit that is not fixed is set in about half of them.
        numbers = [int(one.replace("-", ""), 16) for one in ids]
        fixed = {48 + 16 + 12 + bit for bit in range(4)} | {62, 63}
        for bit in set(range(128)) - fixed:
            self.assertTrue(50 < sum(number >> bit & 1 for number in numbers) < 150, bit)

    def test_jobs_of_others_are_not_there(self):
        job = run(server, 0, tts("A secret.", mode="streaming")).json["id"]
        done = wait(server, 0, job)
        self.assertEqual(done["status"], "COMPLETED")
        failed = run(server, 0, tts(sample_rate=5)).json["id"]
        unknown = "00000000-0000-4000-8000-000000000000"
        for method, path in (("GET", "/status/"), ("POST", "/status/"), ("GET", "/status-sync/"),
                             ("GET", "/stream/"), ("POST", "/stream/"), ("POST", "/cancel/"),
                             ("POST", "/retry/"), ("GET", "/v2/x/status/")):
            for one in (job, failed):
                answer = server.request(method, path + one + "?wait=0&ttl=1", headers=as_key(1))
                other = server.request(method, path + unknown + "?wait=0", headers=as_key(1))
                self.assertEqual((answer.status, answer.body.replace(one.encode(), b"ID")),
                                 (404, other.body.replace(unknown.encode(), b"ID")), path)
        # Nothing of that changed anything; its owner still reads it, by any route.
        self.assertEqual(server.get("/status/" + job, headers=as_key(0)).json["output"], done["output"])
        self.assertTrue(server.get("/stream/" + job, headers=as_key(0)).json["stream"])
        self.assertEqual(server.get("/health", headers=as_key(1)).json["jobs"]["completed"], 0)

    def test_cancel_and_purge_are_for_ones_own(self):
        blocker = run(server, 0, tts("A long story, told slowly. " * 150)).json["id"]
        mine = [run(server, 0, tts("Mine.")).json["id"] for _ in range(3)]
        theirs = [run(server, 1, tts("Theirs.")).json["id"] for _ in range(2)]
        self.assertEqual(server.post("/cancel/" + mine[0], headers=as_key(1)).status, 404)
        self.assertEqual(server.get("/health", headers=as_key(1)).json["jobs"]["inQueue"], 2)
        self.assertEqual(server.post("/purge-queue", headers=as_key(1)).json["removed"], 2)
        for job in theirs:
            self.assertEqual(server.get("/status/" + job, headers=as_key(1)).status, 404)
        for job in mine:
            self.assertEqual(server.get("/status/" + job, headers=as_key(0)).json["status"], "IN_QUEUE")
        server.post("/purge-queue", headers=as_key(0))
        server.post("/cancel/" + blocker, headers=as_key(0))

    def test_runsync_of_a_purged_job_answers_at_once(self):
        blocker = run(server, 0, tts("A long story, told slowly. " * 150)).json["id"]
        answers = []
        thread = threading.Thread(target=lambda: answers.append(
            run(server, 1, tts("Soon gone."), "/runsync")))
        thread.start()
        server.until(lambda: server.get("/health", headers=as_key(1)).json["jobs"]["inQueue"] == 1, 20,
                     "a job in the queue")
        start = time.monotonic()
        server.post("/purge-queue", headers=as_key(1))
        thread.join(20)
        self.assertLess(time.monotonic() - start, 3)
        self.assertEqual(answers[0].status, 404)
        server.post("/cancel/" + blocker, headers=as_key(0))

    def test_metrics_are_for_one_who_may(self):
        for number in (0, 1):
            self.assertEqual(server.get("/metrics", headers=as_key(number)).status, 401)
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--metrics-key", "figures") as one:
            self.assertEqual(one.get("/metrics", headers=as_key(0)).status, 401)
            answer = one.get("/metrics", headers={"Authorization": "Bearer figures"})
            self.assertIn(b"chatterbox_jobs", answer.body)
            self.assertEqual(one.get("/health", headers={"Authorization": "Bearer figures"}).status, 401)


class Voices(unittest.TestCase):
    def clone(self, one, number, name):
        job = run(one, number, {"operation": "voice_cloning", "voice_name": name,
                                "reference_audio": b64(speech_like(6))}).json["id"]
        return wait(one, number, job)

    def names(self, one, number):
        job = run(one, number, {"operation": "list_local_voices"}).json["id"]
        return {voice["speaker_name"] for voice in wait(one, number, job)["output"]["local_voices"]}

    def test_a_clone_is_its_cloners(self):
        self.assertEqual(self.clone(server, 0, "Secret Sam")["status"], "COMPLETED")
        self.assertIn("Secret Sam", self.names(server, 0))
        self.assertNotIn("Secret Sam", self.names(server, 1))
        self.assertTrue(self.names(server, 0) >= self.names(server, 1))
        refused = wait(server, 1, run(server, 1, tts(voice_name="Secret Sam")).json["id"])
        self.assertEqual(refused["error"], "Voice 'Secret Sam' not found in any library")
        answer = server.post("/v1/audio/speech", {"input": "Hi.", "voice": "Secret Sam"}, headers=as_key(1))
        self.assertEqual(answer.status, 404)
        # The name is free for others, and then each has its own.
        self.assertEqual(self.clone(server, 1, "Secret Sam")["status"], "COMPLETED")
        self.assertEqual(wait(server, 1, run(server, 1, tts(voice_name="Secret Sam")).json["id"])["status"],
                         "COMPLETED")

    def test_voices_over_http(self):
        add = {"name": "Web Wendy", "audio": b64(speech_like(6)), "description": "over HTTP"}
        answer = server.post("/v1/audio/voices", add, headers=as_key(0))
        self.assertEqual((answer.status, answer.json["id"], answer.json["own"]), (201, "Web Wendy", True))
        listed = lambda number: {voice["id"]: voice for voice in
                                 server.get("/v1/audio/voices", headers=as_key(number)).json["voices"]}
        self.assertEqual(listed(0)["Web Wendy"]["description"], "over HTTP")
        self.assertNotIn("Web Wendy", listed(1))
        self.assertEqual(server.post("/v1/audio/voices", add, headers=as_key(0)).status, 400)
        for bad in ({"name": "../x", "audio": add["audio"]}, {"name": "Silent Sid"}, {"audio": add["audio"]},
                    {"name": "Silent Sid", "audio": b64(tone(1)[:44] + bytes(288000))}, [], "x"):
            answer = server.post("/v1/audio/voices", bad, headers=as_key(0))
            self.assertEqual(answer.status, 400, str(bad)[:80])
        preview = server.get("/v1/audio/voices/Web%20Wendy/preview", headers=as_key(0))
        self.assertEqual((preview.status, preview.body[:4]), (200, b"RIFF"))
        for method, path in (("GET", "/v1/audio/voices/Web%20Wendy/preview"),
                             ("DELETE", "/v1/audio/voices/Web%20Wendy"), ("PATCH", "/v1/audio/voices/Web%20Wendy")):
            self.assertEqual(server.request(method, path, {"name": "Mine"}, headers=as_key(1)).status, 404, path)
        renamed = server.request("PATCH", "/v1/audio/voices/Web%20Wendy", {"name": "Wanda"}, headers=as_key(0))
        self.assertEqual((renamed.status, renamed.json["name"]), (200, "Wanda"))
        self.assertNotIn("Web Wendy", listed(0))
        self.assertEqual(server.request("DELETE", "/v1/audio/voices/Wanda", headers=as_key(0)).json["deleted"], True)
        self.assertNotIn("Wanda", listed(0))
        # What is installed is nobody's to remove.
        self.assertEqual(server.request("DELETE", "/v1/audio/voices/Amy", headers=as_key(0)).status, 400)

    def test_shared_voices(self):
        with Server(options, "--api-key-file", key_file(*KEYS[:2]), "--share-voices", "yes") as one:
            self.assertEqual(self.clone(one, 0, "Open Olga")["status"], "COMPLETED")
            self.assertIn("Open Olga", self.names(one, 1))


class KeyFile(unittest.TestCase):
    def test_lines_may_change_places(self):
        path = key_file(*KEYS[:2])
        with Server(options, "--api-key-file", path) as one:
            job = run(one, 0, tts("Mine.")).json["id"]
            wait(one, 0, job)
            with open(path, "w", encoding="ascii") as file:
                file.write("\n".join([KEYS[2], KEYS[1], KEYS[0]]) + "\n")
            self.assertEqual(one.get("/health", headers=as_key(2)).status, 401)
            one.process.send_signal(signal.SIGHUP)
            one.until(lambda: one.get("/health", headers=as_key(2)).status == 200, 10, "the new key")
            self.assertEqual(one.get("/status/" + job, headers=as_key(0)).status, 200)
            for number in (1, 2):
                self.assertEqual(one.get("/status/" + job, headers=as_key(number)).status, 404)
            # A file that is broken changes nothing; a key that is gone is gone.
            with open(path, "w", encoding="ascii") as file:
                file.write("# none\n")
            one.process.send_signal(signal.SIGHUP)
            one.until(lambda: "keys stay as they were" in one.read_log(), 10, "a line of the log")
            self.assertEqual(one.get("/health", headers=as_key(0)).status, 200)
            with open(path, "w", encoding="ascii") as file:
                file.write(KEYS[1] + "\n")
            one.process.send_signal(signal.SIGHUP)
            one.until(lambda: one.get("/health", headers=as_key(0)).status == 401, 10, "the end of a key")
            log = one.read_log()
            for key in KEYS:
                self.assertNotIn(key, log)
            one.kill()
            with open(os.path.join(one.data, "jobs.sqlite"), "rb") as file:
                self.assertIsNone(re.search(b"(first|second|third)-key", file.read()))
            one.start()
            # Not even after a start of the server with the lines in another order.
            self.assertEqual(one.get("/status/" + job, headers=as_key(1)).status, 404)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
