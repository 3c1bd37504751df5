#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two servers on one PostgreSQL when a server fails: one that stands still, one whose clock is wrong, one
that is killed while it sends; and news between them that is lost."""
import unittest

import many
from client import *
from clock import clock_or_skip
from many import LONG, Pair, begins, shared_server


class StandsStill(Pair):
    def test_who_comes_back_late_changes_nothing(self):
        """Stopped for longer than its lease in the midst of a stream, and continued."""
        self.start("--lease-seconds", "2")
        self.query("CREATE TABLE public.ends(id text, epoch bigint)")
        self.query("""CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.ends VALUES(new.id, new.epoch); RETURN NULL; END $$;
            CREATE TRIGGER note AFTER UPDATE ON chatterbox.jobs FOR EACH ROW
            WHEN (old.state < 2 AND new.state >= 2) EXECUTE FUNCTION public.note()""")
        job, speaker, other = self.begun("A sentence of a long story. " * 40, mode="streaming", chunk_size=10)
        made = "SELECT count(*), coalesce(max(epoch), 0) FROM chatterbox.chunks"
        speaker.until(lambda: int(self.query(made).split("|")[0]) > 2, 60, "chunks")
        speaker.process.send_signal(signal.SIGSTOP)
        old = self.query("SELECT epoch FROM chatterbox.jobs")
        other.until(lambda: begins(other, job), 30, "the job at the other")
        self.assertIn("its server was not heard of any more", other.read_log())
        speaker.process.send_signal(signal.SIGCONT)
        speaker.until(lambda: "job %s had ended before" % job in speaker.read_log()
                      or "job %s goes back" % job in speaker.read_log(), 60, "the end of the late start")
        self.assertIn("its lease is lost", speaker.read_log())
        # The start of before changed nothing: the other one's goes on.
        self.assertEqual(self.query("SELECT state FROM chatterbox.jobs"), "1")
        done = other.wait(job, 240)
        self.assertEqual(done["status"], "COMPLETED", done)
        self.assertEqual(self.query("SELECT count(*) FROM chatterbox.chunks WHERE epoch <= %s" % old), "0")
        ends = self.query("SELECT epoch FROM public.ends").splitlines()
        self.assertEqual(len(ends), 1)
        self.assertGreater(int(ends[0]), int(old))
        whole = done["output"]["streaming_metrics"]["total_chunks"]
        self.assertEqual(self.query("SELECT count(*), max(number) + 1 FROM chatterbox.chunks"),
                         "%d|%d" % (whole, whole))

    def test_a_chunk_of_before_is_refused(self):
        """As what is written says, whoever sends it: the epoch is part of every statement."""
        self.start("--lease-seconds", "2")
        job, speaker, _ = self.begun("A sentence of a long story. " * 40, mode="streaming", chunk_size=10)
        speaker.until(lambda: self.query("SELECT count(*) FROM chatterbox.chunks") != "0", 60, "chunks")
        # As a lease that was lost, which the speaker does not know yet.
        before = self.query("""WITH lost AS (UPDATE chatterbox.jobs SET epoch = epoch + 1 RETURNING number)
            SELECT count(*) FROM chatterbox.chunks""")
        speaker.until(lambda: "job %s had ended before" % job in speaker.read_log()
                      or "job %s goes back" % job in speaker.read_log(), 60, "the end of the late start")
        self.assertLessEqual(int(self.query("SELECT count(*) FROM chatterbox.chunks WHERE epoch < "
                                            "(SELECT epoch FROM chatterbox.jobs)")), int(before) + 1)


class WrongClock(unittest.TestCase):
    def test_the_clock_of_the_database_alone_decides(self):
        """A server two days behind, then ahead, and back: leases, times of jobs and their ends are
        those of the database."""
        name, address = many.cluster.new_database()
        with clock_or_skip(self) as clock:
            clock.jump(-200_000)
            with shared_server(address, "--lease-seconds", "2", environment=clock.environment) as wrong, \
                    shared_server(address, "--lease-seconds", "2") as right:
                job = right.run(tts("A long story, told slowly. " * 120), policy=LONG)
                short = [wrong.run({"operation": "list_local_voices"}) for _ in range(4)]
                right.until(lambda: right.status(job).json["status"] == "IN_PROGRESS", 60, "a start")
                for seconds in (200_000, 0, -200_000):
                    clock.jump(seconds)
                    # Longer than a lease.
                    time.sleep(2.5)
                    self.assertEqual(right.status(job).json["status"], "IN_PROGRESS", seconds)
                    short.append(wrong.run({"operation": "list_local_voices"}))
                for one in short:
                    done = right.wait(one)
                    self.assertEqual(done["status"], "COMPLETED", done)
                    self.assertLess(done["delayTime"] + done["executionTime"], 60_000)
                right.post("/cancel/" + job)
                self.assertEqual(wrong.status(job).json["status"], "CANCELLED")
                for server in (wrong, right):
                    self.assertNotIn("lease is lost", server.read_log())
                    self.assertNotIn("not heard of any more", server.read_log())
                self.assertEqual(many.cluster.query("SELECT count(*) FROM chatterbox.jobs WHERE attempts > 1", name), "0")


class LostNews(Pair):
    def test_a_look_now_and_then_finds_it(self):
        """Who listens is thrown out all the time: ends, chunks, cancels and voices come all the same."""
        self.start("--lease-seconds", "3")
        # Some milliseconds after it has come.
        thrower = subprocess.Popen([many.cluster.program("psql"), self.address, "-X", "-q", "-c", """DO $$ BEGIN LOOP
            PERFORM pg_stat_clear_snapshot();
            PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND
              pid <> pg_backend_pid() AND (query LIKE '%LISTEN chatterbox%' OR query LIKE '%pg_notify%');
            PERFORM pg_sleep(0.002); END LOOP; END $$"""])
        try:
            # What is not heard of is looked for: a voice, and chunks at the server that does not speak.
            added = self.one.post("/v1/audio/voices", {"name": "Traveller", "audio": b64(speech_like(6))})
            self.assertEqual(added.status, 201, added.body)
            self.two.until(lambda: "Traveller" in self.two.get("/v1/audio/voices").body.decode(), 12, "the voice")
            job, _, other = self.begun("A sentence for the stream. " * 6, mode="streaming", chunk_size=10)
            chunks, status = [], ""
            while status not in FINAL:
                news = other.get("/stream/%s?wait=5000" % job).json
                chunks += [one["output"]["chunk"] for one in news["stream"]]
                status = news["status"]
            self.assertEqual((status, chunks), ("COMPLETED", list(range(len(chunks)))))
            self.assertGreater(len(chunks), 1)
            for turn in range(3):
                job = self.one.run({"operation": "list_local_voices"})
                start = time.monotonic()
                self.assertEqual(self.two.wait(job)["status"], "COMPLETED")
                # Two seconds and the work, on a machine that has other work too.
                self.assertLess(time.monotonic() - start, 12)
            job, speaker, other = self.begun("A long story. " * 250)
            other.post("/cancel/" + job)
            start = time.monotonic()
            # The next renewal of its lease says so too, and ends the work before it is told.
            speaker.until(lambda: any("job %s%s" % (job, end) in speaker.read_log()
                                      for end in (" had ended before", ": its lease is lost")),
                          20, "the end of work")
            print("  cancelled without news after %.1f s" % (time.monotonic() - start))
            # With the next renewal, a third of a lease, and what a token takes.
            self.assertLess(time.monotonic() - start, 10)
            self.assertIsNone(thrower.poll())
        finally:
            thrower.kill()
            thrower.wait()


class Webhook(Pair):
    def test_one_server_sends_it(self):
        """Each once, whoever made the result; a server killed while it sends is followed by another."""
        import http.server
        got, gate = [], threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                got.append(body["id"])
                gate.wait(30)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        listener.daemon_threads = True
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        self.addCleanup(listener.shutdown)
        self.start("--webhooks", "any")
        gate.set()
        hook = "http://127.0.0.1:%d/" % listener.server_port
        jobs = [server.run({"operation": "list_local_voices"}, webhook=hook)
                for _ in range(10) for server in (self.one, self.two)]
        self.one.until(lambda: len(got) >= len(jobs), 60, "webhooks")
        time.sleep(1)
        self.assertEqual(sorted(got), sorted(jobs))
        # One that hangs is leased: nobody else sends it meanwhile; when its sender is gone and the lease
        # over, another does.
        gate.clear()
        # The other stands still meanwhile, so that it is not the sender.
        self.two.process.send_signal(signal.SIGSTOP)
        try:
            job = self.one.run({"operation": "list_local_voices"}, webhook=hook)
            self.one.until(lambda: job in got, 60, "a webhook")
        finally:
            self.two.process.send_signal(signal.SIGCONT)
        left = int(self.query("SELECT webhook_due_ms - chatterbox.now_ms() FROM chatterbox.jobs WHERE id = '%s'" % job))
        self.assertTrue(30_000 < left <= 60_000, left)
        time.sleep(1)
        self.assertEqual(got.count(job), 1)
        self.one.kill()
        self.query("UPDATE chatterbox.jobs SET webhook_due_ms = 1 WHERE id = '%s'" % job)
        gate.set()
        self.two.until(lambda: got.count(job) == 2, 30, "the other's try")
        self.two.until(lambda: self.query("SELECT webhook_due_ms FROM chatterbox.jobs WHERE id = '%s'" % job) == "0",
                       30, "the end of it")


if __name__ == "__main__":
    many.main(__doc__)
