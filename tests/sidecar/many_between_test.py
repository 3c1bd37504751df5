#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What one of two servers on one PostgreSQL has is the other's: large requests and results, voices, figures."""
import unittest

import many
from client import *
from many import LONG, Pair, begins
from s3_server import S3Server

# What makes a request large, for the tests of objects.
PADDING = "x" * 2000


class Between(Pair):
    """What one server has is the other's at once, also what is large."""

    def test_large_requests_and_results(self):
        with S3Server() as bucket:
            more = {"environment": bucket.environment()}
            self.start(*bucket.flags(), one=more, two=more)
            # Many, so that both work; each result is larger than what rows hold here.
            jobs = [server.run({"operation": "list_local_voices", "padding": PADDING, "turn": turn})
                    for turn in range(8) for server in (self.one, self.two)]
            for job in jobs:
                done = self.one.wait(job)
                self.assertEqual(done["status"], "COMPLETED", done)
                self.assertEqual(self.two.status(job).json, done)
            self.assertEqual(len([name for name in bucket.names() if "/results/" in name]), len(jobs))
            self.assertEqual(self.query("SELECT count(*) FROM chatterbox.outputs WHERE object = ''"), "0")
            job = self.one.run(tts("A long story. " * 30, sample_rate=96000))
            done = self.two.wait(job, 240)
            self.assertGreater(len(done["output"]["audio"]), 2 << 20)
            self.assertEqual(self.one.status(job).json, done)
            for one in jobs + [job]:
                self.two.get("/status/%s?ttl=1" % one)
            self.one.until(lambda: not bucket.names(), 60, "the end of all objects")
            self.assertEqual(bucket.faults, [])

    def expect_voice(self, bucket):
        added = self.one.post("/v1/audio/voices", {"name": "Traveller", "audio": b64(speech_like(6))})
        self.assertEqual(added.status, 201, added.body)
        start = time.monotonic()
        self.two.until(lambda: "Traveller" in self.two.get("/v1/audio/voices").body.decode(), 30, "the voice")
        took = time.monotonic() - start
        print("  a new voice at the other after %.0f ms" % (1000 * took))
        self.assertLess(took, 1)
        if bucket:
            self.assertEqual(len([name for name in bucket.names() if "/voices/" in name]), 1)
            self.assertEqual(self.query("SELECT length(recording) FROM chatterbox.voices"), "0")
        # Two jobs at once with a voice that neither has used, one on each server: the same seed and the
        # same voice sound the same.
        same = dict(voice_name="Traveller", seed=7)
        pair = [server.run(tts("Here I am.", **same)) for server in (self.one, self.two)]
        spoken = [self.two.wait(job, 120) for job in pair]
        for done in spoken:
            self.assertEqual(done["status"], "COMPLETED", done)
            self.assertEqual(done["output"]["audio"], spoken[0]["output"]["audio"])
        live = [server.post("/v1/audio/speech", {"input": "Live.", "voice": "Traveller", "model": "tts-1"})
                for server in (self.one, self.two)]
        self.assertEqual([answer.status for answer in live], [200, 200])

    def test_a_voice_in_rows(self):
        self.start()
        self.expect_voice(None)

    def test_a_voice_as_an_object(self):
        with S3Server() as bucket:
            more = {"environment": bucket.environment()}
            self.start(*bucket.flags(), one=more, two=more)
            self.expect_voice(bucket)

    def test_a_voice_in_a_directory(self):
        with tempfile.TemporaryDirectory() as folder:
            self.start("--objects", "file://%s/objects" % folder, "--objects-from-kb", "1")
            self.expect_voice(None)
            self.assertEqual(self.query("SELECT length(recording) FROM chatterbox.voices"), "0")


class Figures(Pair):
    def figure(self, server, name):
        text = server.get("/metrics").body.decode()
        return float(re.search(r"^chatterbox_%s (\S+)$" % re.escape(name), text, re.M)[1])

    def test_what_an_autoscaler_needs(self):
        """Of the whole, told by every server."""
        self.start("--lease-seconds", "2")
        blockers = [self.one.run(tts("A long story. " * 250), policy=LONG) for _ in range(2)]
        self.one.until(lambda: all(begins(self.one, job) or begins(self.two, job) for job in blockers), 60, "starts")
        self.two.until(lambda: self.figure(self.two, "oldest_waiting_seconds") == 0, 10, "an empty queue")
        waiting = [self.one.run(tts("Later.")) for _ in range(4)]
        for server in (self.one, self.two):
            server.until(lambda: self.figure(server, "oldest_waiting_seconds") > 1, 30, "an older job")
            # Of itself, what a balancer asks.
            self.assertEqual(server.get("/ping").json,
                             {"status": "healthy", "workers": 1, "busy": 1, "waiting": 0})
            self.assertEqual(self.figure(server, 'jobs{state="queued"}'), 4)
            self.assertEqual(self.figure(server, 'jobs{state="running"}'), 2)
            self.assertLess(self.figure(server, "oldest_waiting_seconds"), 30)
            self.assertGreater(self.figure(server, "queue_work_seconds"), 0)
        # Two workers, of two servers; one fewer with the end of one, and what it had is lost.
        both = self.figure(self.two, "queue_work_seconds")
        self.assertEqual(self.figure(self.two, "leases_lost_total"), 0)
        self.one.kill()
        self.two.until(lambda: self.figure(self.two, "leases_lost_total") == 1, 30, "the lost lease")
        self.two.until(lambda: self.figure(self.two, "queue_work_seconds") > 2 * both, 30, "one worker fewer")
        for job in blockers + waiting:
            self.two.post("/cancel/" + job)
        self.two.until(lambda: self.figure(self.two, "queue_work_seconds") == 0, 10, "an empty queue")
        self.assertEqual(self.figure(self.two, "oldest_waiting_seconds"), 0)


if __name__ == "__main__":
    many.main(__doc__)
