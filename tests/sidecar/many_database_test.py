#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Servers on one PostgreSQL when that fails: it does not answer, gives no connections, its clock jumps, a
replica takes its place; and a copy of it."""
import unittest

import many
from client import *
from clock import clock_or_skip
from many import Pair, begins, shared_server
from postgres import Replica, cluster_or_skip, processes_of


class DatabaseClock(unittest.TestCase):
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
                # A fast machine may need fewer at a time: until they were too few.
                for _ in range(10):
                    threads = [threading.Thread(target=hand_in, args=(server, number))
                               for number in range(4) for server in (one, two)]
                    for thread in threads:
                        thread.start()
                    for thread in threads:
                        thread.join()
                    if "the database gives no more connections" in one.read_log() + two.read_log():
                        break
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


    def test_a_table_that_somebody_locks(self):
        """For longer than a statement may take: whoever asks hears 503, nothing is lost, and all goes on
        by itself."""
        with cluster_or_skip() as own:
            name, address = own.new_database()
            with shared_server(address) as server:
                before = [server.run({"operation": "list_local_voices"}) for _ in range(3)]
                for job in before:
                    server.wait(job)
                locker = subprocess.Popen([own.program("psql"), address, "-X", "-q", "-c",
                                           "BEGIN; LOCK TABLE chatterbox.jobs; SELECT pg_sleep(18); COMMIT"],
                                          stdout=subprocess.DEVNULL)
                try:
                    own_locks = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND " \
                                "relation = 'chatterbox.jobs'::regclass"
                    server.until(lambda: own.query(own_locks, name) == "1", 10, "the lock")
                    start = time.monotonic()
                    answer = server.post("/run", {"input": {"operation": "list_local_voices"}})
                    self.assertEqual(answer.status, 503, answer.body)
                    self.assertLess(time.monotonic() - start, 17)
                    self.assertEqual(server.get("/health").status, 200)
                finally:
                    locker.wait()
                server.until(lambda: server.get("/ping").status == 200, 30, "the database")
                for job in before:
                    self.assertEqual(server.status(job).json["status"], "COMPLETED")
                self.assertEqual(server.wait(server.run(tts("After.")))["status"], "COMPLETED")


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
            told = subprocess.run([many.cluster.program("pg_dump"), "--schema", "chatterbox", *more, self.address],
                                  capture_output=True, check=True).stdout
            copies[name] = many.cluster.new_database()[1]
            subprocess.run([many.cluster.program("psql"), copies[name], "-X", "-q", "-v", "ON_ERROR_STOP=1"], input=told,
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


if __name__ == "__main__":
    many.main(__doc__)
