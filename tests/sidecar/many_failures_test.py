#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Servers on one PostgreSQL when something fails: a server that stands still, a clock that is wrong, a
disk that is full, connections that run out, a database that does not answer, news that is lost; and
what is large, between two servers."""
import unittest

from client import *
from clock import clock_or_skip
from postgres import Replica, cluster_or_skip
from s3_server import S3Server

options = None
cluster = None
LONG = {"executionTimeout": 600000}
# What makes a request large, for the tests of objects.
PADDING = "x" * 2000


def shared_server(address, *flags, **more):
    return Server(options, "--store", address, "--workers", "1", "--threads", "1", *flags, **more)


def begins(server, job):
    return "job %s begins" % job in server.read_log()


class Pair(unittest.TestCase):
    """Two servers of each test's own, named one and two, on the database `name`."""

    def start(self, *flags, one=None, two=None):
        self.name, self.address = cluster.new_database()
        self.one = shared_server(self.address, *flags, **one or {})
        self.addCleanup(self.one.close)
        self.two = shared_server(self.address, *flags, **two or {})
        self.addCleanup(self.two.close)

    def query(self, sql):
        return cluster.query(sql, self.name)

    def begun(self, text, **fields):
        """A job, who speaks it, and who does not."""
        job = self.one.run(tts(text, **fields), policy=LONG)
        self.one.until(lambda: begins(self.one, job) or begins(self.two, job), 60, "a start")
        return (job, self.one, self.two) if begins(self.one, job) else (job, self.two, self.one)


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
        name, address = cluster.new_database()
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
                self.assertEqual(cluster.query("SELECT count(*) FROM chatterbox.jobs WHERE attempts > 1", name), "0")


    def test_the_clock_of_the_database_jumps(self):
        """Ahead by more than a lease: who worked begins again, and each job still ends once."""
        with clock_or_skip(self) as clock:
            os.chmod(clock.folder, 0o755)
            with cluster_or_skip(environment=clock.environment) as own:
                name, address = own.new_database()
                with shared_server(address) as one, shared_server(address) as two:
                    jobs = [one.run(tts("A story, told slowly. " * 6)) for _ in range(2)]
                    one.until(lambda: all(begins(one, job) or begins(two, job) for job in jobs), 60, "starts")
                    clock.jump(60)
                    for job in jobs:
                        done = two.wait(job, 240)
                        self.assertEqual(done["status"], "COMPLETED", done)
                    clock.jump(0)
                    self.assertEqual(two.wait(one.run(tts("Later.")))["status"], "COMPLETED")
                    self.assertIn("was not heard of any more", one.read_log() + two.read_log())


class Failover(unittest.TestCase):
    def test_to_a_replica(self):
        """The primary is gone at once, its replica is promoted: servers find it by themselves, and what
        was acknowledged is there, the commit having waited for the replica."""
        with cluster_or_skip("synchronous_standby_names=*", "synchronous_commit=local") as first:
            name, _ = first.new_database()
            with Replica(first) as second:
                first.query("ALTER DATABASE %s SET synchronous_commit = 'on'" % name)
                address = "postgresql://chatterbox@/%s?host=%s,%s&target_session_attrs=read-write" % (
                    name, first.folder, second.folder)
                with shared_server(address, "--lease-seconds", "5") as one, \
                        shared_server(address, "--lease-seconds", "5") as two:
                    before = one.wait(one.run(tts("Before.")))
                    jobs = [server.run(tts("A story. " * 6)) for server in (one, two) for _ in range(2)]
                    first.stop(signal.SIGQUIT)
                    one.until(lambda: one.get("/ping").status == 503, 60, "503")
                    second.query("ALTER SYSTEM SET synchronous_standby_names = ''")
                    second.query("SELECT pg_promote()")
                    for server in (one, two):
                        server.until(lambda: server.get("/ping").status == 200, 60, "the new primary")
                        self.assertEqual(server.status(before["id"]).json, before)
                    for job in jobs:
                        self.assertEqual(two.wait(job, 240)["status"], "COMPLETED")


class FullDisk(unittest.TestCase):
    """A small disk as that of the database."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chatterbox-disk-")
        self.addCleanup(os.rmdir, self.folder)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m,mode=0777", "none", self.folder],
                          capture_output=True, check=False).returncode:
            self.skipTest("this user may not mount a small disk")
        self.addCleanup(subprocess.run, ["umount", self.folder], check=False)

    def fill(self, leave):
        """The disk, but for so many bytes."""
        disk = os.statvfs(self.folder)
        size = disk.f_bavail * disk.f_frsize - leave
        with open(os.path.join(self.folder, "filler"), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(size, 1))

    def make_room(self):
        os.remove(os.path.join(self.folder, "filler"))

    def hand_in(self, server, most=60):
        """Accepted jobs until one is not; that answer."""
        accepted = []
        for number in range(most):
            # Nothing that PostgreSQL could make smaller.
            answer = server.post("/run", {"input": tts("Number %d." % number, padding=b64(os.urandom(150_000)))})
            if answer.status != 200:
                return accepted, answer
            accepted.append(answer.json["id"])
        raise AssertionError("%d requests of 200 kB found room on a full disk" % most)

    def expect_refused_and_kept(self, server, own):
        """While the disk is full; then `own` has room, and everything accepted is done."""
        accepted, answer = self.hand_in(server)
        self.assertEqual((answer.status, answer.json["error"]), (503, "Storage unavailable"))
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.assertEqual(server.get("/health").status, 200)
        self.make_room()
        # What ended for want of room its keeper starts again.
        if own.process.poll() is not None:
            own.start()
        server.until(lambda: server.get("/ping").status == 200, 60, "the database")
        server.until(lambda: server.post("/run", {"input": {"operation": "list_local_voices"}}).status == 200,
                     60, "room")
        for job in accepted:
            done = server.wait(job, 120)
            self.assertEqual(done["status"], "COMPLETED", done)
        return accepted

    def test_of_its_tables(self):
        with cluster_or_skip() as own:
            place = os.path.join(self.folder, "tables")
            os.mkdir(place)
            if own.user:
                os.chown(place, own.user.pw_uid, own.user.pw_gid)
            own.query("CREATE TABLESPACE small LOCATION '%s'" % place)
            name, address = own.new_database("TABLESPACE small")
            with shared_server(address) as server:
                self.fill(2 << 20)
                # Nothing ends while requests come in.
                blocker = server.run(tts("A long story. " * 250), policy=LONG)
                server.until(lambda: begins(server, blocker), 60, "a start")
                server.post("/cancel/" + blocker)
                accepted = self.expect_refused_and_kept(server, own)
                self.assertIn("No space left on device", server.read_log())
                # The database itself went on.
                self.assertIsNone(own.process.poll())
                self.assertGreater(len(accepted), 0)

    def test_of_its_log(self):
        """Where the write-ahead log finds no room PostgreSQL itself ends."""
        with cluster_or_skip("wal_recycle=off", "max_wal_size=32MB", "min_wal_size=32MB", "synchronous_commit=on",
                             folder=os.path.join(self.folder, "cluster")) as own:
            with shared_server(own.new_database()[1]) as server:
                self.fill(4 << 20)
                self.expect_refused_and_kept(server, own)


class Connections(unittest.TestCase):
    def test_fewer_than_were_wanted(self):
        """PostgreSQL gives nine: two servers make do with those they have, and lose nothing."""
        with cluster_or_skip("max_connections=9", "superuser_reserved_connections=0") as own:
            address = own.new_database()[1]
            with shared_server(address, "--workers", "4") as one, shared_server(address, "--workers", "4") as two:
                jobs, failures = [], []

                def hand_in(server, number):
                    for turn in range(10):
                        answer = server.post("/run", {"input": tts("%d of %d." % (turn, number))})
                        (jobs if answer.status == 200 else failures).append(answer)
                        server.get("/health")
                threads = [threading.Thread(target=hand_in, args=(server, number))
                           for number in range(4) for server in (one, two)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                self.assertEqual([answer.body for answer in failures], [])
                for answer in jobs:
                    done = two.wait(answer.json["id"], 240)
                    self.assertEqual(done["status"], "COMPLETED", done)
                logs = one.read_log() + two.read_log()
                self.assertIn("the database gives no more connections", logs)
                self.assertNotIn("the database is away", logs)

    def test_none_for_a_server_that_starts(self):
        with cluster_or_skip("max_connections=5", "superuser_reserved_connections=0") as own:
            address = own.new_database()[1]
            own.query("SELECT 1")
            holders = [subprocess.Popen(["psql", address, "-X", "-q", "-c", "SELECT pg_sleep(600)"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(5)]
            try:
                end = time.monotonic() + 30
                while own.query("SELECT 1", check=False) and time.monotonic() < end:
                    time.sleep(0.1)
                with self.assertRaisesRegex(RuntimeError, "too many clients|connection slots"):
                    shared_server(address)
            finally:
                for holder in holders:
                    holder.kill()
                    holder.wait()


def processes_of(parent):
    """It and its children."""
    found = [parent]
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as stat:
                if name.isdigit() and int(stat.read().rsplit(")", 1)[1].split()[1]) == parent:
                    found.append(int(name))
        except OSError:
            pass
    return found


class Silence(unittest.TestCase):
    def test_a_database_that_does_not_answer(self):
        """Whoever asks for a job waits, and nobody else does: the main loop waits for nothing."""
        with cluster_or_skip() as own:
            with shared_server(own.new_database()[1]) as server:
                job = server.run(tts("Before."))
                done = server.wait(job)
                frozen = processes_of(own.process.pid)
                for process in frozen:
                    os.kill(process, signal.SIGSTOP)
                try:
                    late = []
                    asking = threading.Thread(target=lambda: late.append(server.status(job)))
                    asking.start()
                    times = []
                    for _ in range(100):
                        start = time.monotonic()
                        self.assertEqual(server.get("/health").status, 200)
                        times.append(time.monotonic() - start)
                        time.sleep(0.02)
                    speech = server.post("/v1/audio/speech", {"input": "Live.", "voice": "alloy", "model": "tts-1"})
                    self.assertEqual(speech.status, 200)
                finally:
                    for process in frozen:
                        os.kill(process, signal.SIGCONT)
                asking.join()
                self.assertEqual(late[0].json, done)
                times.sort()
                print("  /health while the database stands still: median %.1f, largest %.1f ms"
                      % (1000 * times[50], 1000 * times[-1]))
                self.assertLess(times[50], 0.1)


class LostNews(Pair):
    def test_a_look_now_and_then_finds_it(self):
        """Who listens is thrown out all the time: ends, chunks, cancels and voices come all the same."""
        self.start("--lease-seconds", "3")
        # Some milliseconds after it has come.
        thrower = subprocess.Popen([cluster.program("psql"), self.address, "-X", "-q", "-c", """DO $$ BEGIN LOOP
            PERFORM pg_stat_clear_snapshot();
            PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND
              pid <> pg_backend_pid() AND (query LIKE '%LISTEN chatterbox%' OR query LIKE '%pg_notify%');
            PERFORM pg_sleep(0.002); END LOOP; END $$"""])
        try:
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


class Backup(Pair):
    def test_a_copy_of_the_running_database(self):
        """As docs/many-machines.md says, in another database: what waited or ran is done there, and
        voices are there. Then the one without jobs."""
        self.start()
        added = self.one.post("/v1/audio/voices", {"name": "Traveller", "audio": b64(speech_like(6))})
        self.assertEqual(added.status, 201, added.body)
        done = self.one.wait(self.one.run(tts("Done before.")), 240)
        blockers = [self.begun("A story. " * 6)[0] for _ in range(2)]
        waiting = self.two.run(tts("Later.", voice_name="Traveller"))
        copies = {}
        for name, more in (("all", []), ("voices", ["--exclude-table-data=" +
                                                    "chatterbox.(jobs|inputs|outputs|chunks|tallies)"])):
            told = subprocess.run([cluster.program("pg_dump"), "--schema", "chatterbox", *more, self.address],
                                  capture_output=True, check=True).stdout
            copies[name] = cluster.new_database()[1]
            subprocess.run([cluster.program("psql"), copies[name], "-X", "-q", "-v", "ON_ERROR_STOP=1"], input=told,
                           capture_output=True, check=True)
        with shared_server(copies["all"], "--lease-seconds", "2") as other:
            self.assertEqual(other.status(done["id"]).json, done)
            for job in blockers + [waiting]:
                self.assertEqual(other.wait(job, 240)["status"], "COMPLETED")
        with shared_server(copies["voices"]) as other:
            self.assertEqual(other.status(done["id"]).status, 404)
            self.assertEqual(other.get("/health").json["jobs"]["inQueue"], 0)
            other.until(lambda: "Traveller" in other.get("/v1/audio/voices").body.decode(), 30, "the voice")
            done = other.wait(other.run(tts("Anew.", voice_name="Traveller")), 240)
            self.assertEqual(done["status"], "COMPLETED", done)


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
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    with cluster_or_skip() as cluster:
        unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
