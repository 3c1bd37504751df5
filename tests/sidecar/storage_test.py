#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A disk that is full or small, a database that somebody holds, stops and time limits: what was
promised stays, and the server goes on."""
import sqlite3
import unittest

from client import *

options = None


@unittest.skipIf(POSTGRES, "the disk is that of the database")
class Storage(unittest.TestCase):
    def test_disk_full(self):
        import resource

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
        with Server(options, "--workers", "1", limits=limit) as small:
            first = small.run(tts("Hello."))
            small.wait(first)
            filler = {"input": tts("Hi.", voice_metadata="x" * 900_000)}
            answers = [small.post("/run", filler) for _ in range(8)]
            statuses = [answer.status for answer in answers]
            self.assertEqual(statuses[0], 200, statuses)
            self.assertIn(503, statuses)
            # Jobs that end meanwhile make room: ask the answers that found none.
            for answer in answers:
                if answer.status == 503:
                    self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            # What was kept is still there.
            self.assertEqual(small.status(first).json["status"], "COMPLETED")

    def test_a_small_disk(self):
        """Filled by its own queue, the server says so, and works again once that is emptied."""
        data = tempfile.mkdtemp(prefix="chatterbox-disk-")
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", data],
                               capture_output=True, check=False)
        if mount.returncode:
            os.rmdir(data)
            self.skipTest("this user may not mount a small disk")
        small = None
        try:
            small = Server(options, "--workers", "1", data=data)
            first = small.run(tts("Hello."))
            small.wait(first)
            blocker = small.run(tts("A long story, told slowly. " * 180))
            filler = {"input": tts("Hi.", filler="x" * 500_000)}
            for _ in range(20):
                answer = small.post("/run", filler)
                if answer.status != 200:
                    break
            self.assertEqual((answer.status, answer.json["error"]), (503, "Storage unavailable"))
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            self.assertEqual(small.status(first).json["status"], "COMPLETED")
            small.kill()
            small.start()
            self.assertEqual(small.status(first).json["status"], "COMPLETED")
            self.assertEqual(small.post("/cancel/" + blocker).status, 200)
            self.assertGreater(small.post("/purge-queue").json["removed"], 0)
            small.until(lambda: small.post("/run", filler).status == 200, 20, "room")
            self.assertEqual(small.wait(small.run(tts("Bye.")))["status"], "COMPLETED")
        finally:
            if small:
                small.close()
            subprocess.run(["umount", data], check=False)
            os.rmdir(data)

    def test_database_locked(self):
        with Server(options) as small:
            other = sqlite3.connect(os.path.join(small.data, "jobs.sqlite"), isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            start = time.monotonic()
            answer = small.post("/run", {"input": tts()})
            self.assertEqual((answer.status, answer.json["error"]), (503, "Storage unavailable"))
            self.assertLess(time.monotonic() - start, 5)
            self.assertEqual(small.get("/health").status, 200)
            other.execute("ROLLBACK")
            other.close()
            self.assertEqual(small.wait(small.run(tts()))["status"], "COMPLETED")


class Ends(unittest.TestCase):
    def test_graceful_stop(self):
        """Running work ends, waiting work is done after the next start."""
        with Server(options, "--workers", "1", "--drain-seconds", "200") as small:
            running = small.run(tts("A sentence that is being spoken. " * 3))
            waiting = small.run(tts("Later."))
            small.until(lambda: small.status(running).json["status"] != "IN_QUEUE", 30, "a start")
            self.assertEqual(small.stop(250), 0)
            small.start()
            self.assertEqual(small.status(running).json["status"], "COMPLETED")
            self.assertEqual(small.wait(waiting)["status"], "COMPLETED")
            # The worker tells of the job's end before it is idle again.
            small.until(lambda: small.get("/health").json["workers"]["running"] == 0, 10, "rest")

    def test_stop_puts_long_work_back(self):
        with Server(options, "--workers", "1", "--drain-seconds", "0") as small:
            job = small.run(tts("A very long story. " * 200))
            small.until(lambda: small.status(job).json["status"] == "IN_PROGRESS", 30, "a start")
            self.assertEqual(small.stop(), 0)
            small.start(wait_for_model=False)
            self.assertIn(small.status(job).json["status"], ("IN_QUEUE", "IN_PROGRESS"))
            small.post("/cancel/" + job)

    def test_time_limits(self):
        with Server(options, "--workers", "1", "--result-seconds", "2") as small:
            slow = small.run(tts("A very long story. " * 250), policy={"executionTimeout": 5000})
            gone = small.run(tts("Soon gone."), policy={"ttl": 10000, "lowPriority": True})
            small.until(lambda: small.status(slow).json["status"] == "IN_PROGRESS", 30, "a start")
            done = small.wait(slow, 30)
            self.assertEqual((done["status"], done["error"]), ("TIMED_OUT", "Execution timeout"))
            for job in (slow, gone):
                small.until(lambda: small.status(job).status == 404, 30, "the end of a job")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
