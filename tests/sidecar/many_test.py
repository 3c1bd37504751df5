#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Several servers on one PostgreSQL: any answers for all, and none loses or doubles a job when
servers are killed, the database is restarted and a network swallows what is sent."""
import random
import select
import socket
import unittest

import network
from client import *
from postgres import cluster_or_skip

options = None
cluster = None
POLICY = {"executionTimeout": 600000}

# Whatever a server may do: each job ends once in an epoch, and a chunk is of the start at work.
WITNESS = """
CREATE TABLE public.ends(id text, epoch bigint, state bigint);
CREATE FUNCTION public.note_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO public.ends VALUES(new.id, new.epoch, new.state); RETURN NULL; END $$;
CREATE TRIGGER note_end AFTER UPDATE ON chatterbox.jobs FOR EACH ROW
  WHEN (old.state < 2 AND new.state >= 2) EXECUTE FUNCTION public.note_end();
CREATE TABLE public.strays(job bigint, number bigint);
CREATE FUNCTION public.note_stray() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS(SELECT 1 FROM chatterbox.jobs
                WHERE number = new.job AND epoch = new.epoch AND state = 1) THEN
    INSERT INTO public.strays VALUES(new.job, new.number);
  END IF; RETURN NULL; END $$;
CREATE TRIGGER note_stray AFTER INSERT ON chatterbox.chunks FOR EACH ROW
  EXECUTE FUNCTION public.note_stray();
"""


def shared_server(address, *flags, **more):
    return Server(options, "--store", address, "--workers", "1", "--threads", "1", "--attempts", "1000",
                  *flags, **more)


class Wire(threading.Thread):
    """A network between a server and the database that can swallow everything: where machines cannot
    be apart."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.swallows = path, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def cut(self):
        self.swallows = True

    def mend(self):
        self.swallows = False

    def run(self):
        other = {}
        while True:
            watched = [self.listener] + ([] if self.swallows else list(other))
            for source in select.select(watched, [], [], 0.1)[0]:
                if source is self.listener:
                    near = self.listener.accept()[0]
                    far = socket.socket(socket.AF_UNIX)
                    try:
                        far.connect(self.path)
                    except OSError:
                        near.close()
                        far.close()
                        continue
                    other[near], other[far] = far, near
                    continue
                if source not in other:
                    continue
                try:
                    data = source.recv(1 << 16)
                    if data:
                        other[source].sendall(data)
                        continue
                except OSError:
                    pass
                peer = other.pop(source)
                other.pop(peer)
                source.close()
                peer.close()


class Together(unittest.TestCase):
    """Two servers."""

    @classmethod
    def setUpClass(cls):
        cls.address = cluster.new_database()[1]
        cls.one = shared_server(cls.address)
        cls.two = shared_server(cls.address)

    @classmethod
    def tearDownClass(cls):
        cls.one.close()
        cls.two.close()

    def server_at_work(self, job):
        """Who speaks it, and who does not."""
        self.one.until(lambda: self.one.status(job).json["status"] == "IN_PROGRESS", 60, "a start")
        begun = "job %s begins" % job
        self.one.until(lambda: begun in self.one.read_log() + self.two.read_log(), 60, "a worker")
        return (self.one, self.two) if begun in self.one.read_log() else (self.two, self.one)

    def test_any_server_answers(self):
        job = self.one.run(tts("Said by one of two."))
        done = self.two.wait(job)
        self.assertEqual(done["status"], "COMPLETED", done)
        self.assertEqual(self.one.status(job).json, self.two.status(job).json)
        sync = self.two.post("/runsync", {"input": tts("At once.")}).json
        self.assertEqual(sync["status"], "COMPLETED", sync)
        self.assertEqual(self.one.status(sync["id"]).json, sync)

    def test_a_stream_is_read_from_the_other(self):
        job = self.one.run(tts("A sentence for the stream. " * 6, mode="streaming", chunk_size=10))
        other = self.server_at_work(job)[1]
        chunks = []
        while True:
            news = other.get("/stream/%s?wait=5000" % job).json
            chunks += [one["output"]["chunk"] for one in news["stream"]]
            if news["status"] in FINAL:
                break
        self.assertEqual(news["status"], "COMPLETED")
        self.assertEqual(chunks, list(range(chunks[0], chunks[0] + len(chunks))))
        output = self.one.status(job).json["output"]
        self.assertEqual(len(chunks), output["streaming_metrics"]["total_chunks"])
        # Each once: a second reader gets nothing.
        self.assertEqual(self.one.get("/stream/%s?wait=0" % job).json["stream"], [])

    def test_cancel_through_the_other(self):
        job = self.one.run(tts("Once upon a time there was a long story. " * 100), policy=POLICY)
        speaker, other = self.server_at_work(job)
        self.assertEqual(other.post("/cancel/" + job).json["status"], "CANCELLED")
        # Or the renewal of its lease says so first.
        speaker.until(lambda: any("job %s%s" % (job, end) in speaker.read_log()
                                  for end in (" had ended before", ": its lease is lost")),
                      60, "the end of work")
        self.assertEqual(speaker.status(job).json["status"], "CANCELLED")

    def test_retry_and_purge_through_the_other(self):
        job = self.one.run(tts("x", voice_name="Nobody"))
        self.assertEqual(self.one.wait(job)["status"], "FAILED")
        self.assertEqual(self.two.post("/retry/" + job).json["status"], "IN_QUEUE")
        self.assertEqual(self.two.wait(job)["retries"], 1)
        blockers = [self.one.run(tts("A long story. " * 250), policy=POLICY) for _ in range(2)]
        for blocker in blockers:
            self.server_at_work(blocker)
        waiting = self.one.run(tts("Later."))
        self.assertEqual(self.two.post("/purge-queue").json["removed"], 1)
        self.assertEqual(self.one.status(waiting).status, 404)
        for blocker in blockers:
            self.two.post("/cancel/" + blocker)

    def test_a_voice_is_known_to_all(self):
        added = self.one.post("/v1/audio/voices", {"name": "Traveller", "audio": b64(speech_like(6))})
        self.assertEqual(added.status, 201, added.body)

        def listed(server, name):
            return [voice for voice in server.get("/v1/audio/voices").json["voices"] if voice["name"] == name]
        self.two.until(lambda: listed(self.two, "Traveller"), 60, "the voice")
        self.assertEqual(listed(self.two, "Traveller")[0]["voice_id"], added.json["voice_id"])
        # Its name is taken everywhere.
        taken = self.two.post("/v1/audio/voices", {"name": "traveller", "audio": b64(speech_like(6))})
        self.assertEqual(taken.status, 400, taken.body)
        renamed = self.two.request("PATCH", "/v1/audio/voices/Traveller", {"name": "Settler"})
        self.assertEqual(renamed.status, 200, renamed.body)
        self.one.until(lambda: listed(self.one, "Settler") and not listed(self.one, "Traveller"), 60, "its name")
        done = self.one.wait(self.one.run(tts("Here I am.", voice_name="Settler")))
        self.assertEqual(done["status"], "COMPLETED", done)
        self.assertEqual(self.one.request("DELETE", "/v1/audio/voices/Settler").status, 200)
        self.two.until(lambda: not listed(self.two, "Settler"), 60, "its end")

    def test_an_end_in_order_leaves_nothing(self):
        """SIGTERM puts back what does not end in time; the other goes on with it."""
        third = shared_server(self.address, "--drain-seconds", "0")
        try:
            jobs = [self.one.run(tts("A long story. " * 250), policy=POLICY) for _ in range(6)]
            third.until(lambda: any("job %s begins" % job in third.read_log() for job in jobs), 120,
                        "a start there")
            self.assertEqual(third.stop(), 0)
            for job in jobs:
                self.two.post("/cancel/" + job)
                self.assertEqual(self.two.status(job).json["status"], "CANCELLED")
            self.assertNotIn("its server was not heard of", self.one.read_log() + self.two.read_log())
        finally:
            third.close()


class Away(unittest.TestCase):
    def test_the_database_goes_and_comes(self):
        own = cluster_or_skip()
        try:
            with shared_server(own.new_database()[1]) as server:
                job = server.run(tts("Before."))
                self.assertEqual(server.wait(job)["status"], "COMPLETED")
                own.stop()
                server.until(lambda: server.get("/ping").status == 503, 60, "503")
                self.assertEqual(server.post("/run", {"input": tts()}).status, 503)
                self.assertEqual(server.status(job).status, 503)
                own.start()
                server.until(lambda: server.get("/ping").status == 200, 60, "the database")
                self.assertEqual(server.status(job).json["status"], "COMPLETED")
                self.assertEqual(server.wait(server.run(tts("After.")))["status"], "COMPLETED")
                self.assertIn("the database is away", server.read_log())
                self.assertIn("the database is back", server.read_log())
        finally:
            own.close()


class Chaos(unittest.TestCase):
    """Jobs on servers that are killed at random, a database that is restarted, a network cut."""

    def start_all(self):
        lease = ("--lease-seconds", str(options.lease), "--result-seconds", "86400")
        if options.apart:
            self.bridge = network.Bridge()
            self.own = cluster_or_skip("listen_addresses=" + network.GATEWAY)
            self.own.admit(network.PREFIX + "0/24")
            self.name, _ = self.own.new_database()
            address = "postgresql://chatterbox@%s/%s" % (network.GATEWAY, self.name)
            machines = [self.bridge.machine() for _ in range(options.servers)]
            self.wire = machines[-1]
            self.servers = [shared_server(address, *lease, key=KEY, machine=machine) for machine in machines]
        else:
            self.own = cluster_or_skip()
            self.name, address = self.own.new_database()
            self.wire = Wire(os.path.join(self.own.folder, ".s.PGSQL.5432"))
            self.wire.start()
            through = "postgresql://chatterbox@127.0.0.1:%d/%s" % (self.wire.port, self.name)
            self.servers = [shared_server(address, *lease) for _ in range(options.servers - 1)]
            self.servers.append(shared_server(through, *lease))
        self.locks = [threading.Lock() for _ in self.servers]
        self.own.query(WITNESS, self.name)
        self.jobs, self.faults, self.kills = {}, [], 0
        self.ending = threading.Event()

    def ask(self, chance, method, path, body=None):
        """An answer of some server that is there, in the end."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                answer = chance.choice(self.servers).request(method, path, body, timeout=30)
                if answer.status not in (503, 429):
                    return answer
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise AssertionError("no server answered %s within 120 s" % path)

    def hand_in(self, chance):
        for number in range(options.jobs):
            text = "Job number %d." % number
            kind = number % 4
            fields = {"operation": "list_local_voices"} if kind < 2 else tts(
                text, mode="streaming" if kind == 3 else "basic", chunk_size=10)
            answer = self.ask(chance, "POST", "/run", {"input": fields})
            self.assertEqual(answer.status, 200, answer.body)
            self.jobs[answer.json["id"]] = (kind, text)

    def read_stream(self, chance, job):
        """Chunks come once and in order. One may be lost with a server that had taken it."""
        last = -1
        while not self.ending.is_set():
            try:
                answer = chance.choice(self.servers).get("/stream/%s?wait=2000" % job, timeout=30)
                if answer.status != 200:
                    time.sleep(0.1)
                    continue
                for piece in answer.json["stream"]:
                    # A job without a reader in time delivers its whole output instead.
                    chunk = piece["output"].get("chunk")
                    if chunk is not None:
                        if chunk <= last:
                            self.faults.append("chunk %d of %s after %d" % (chunk, job, last))
                        last = chunk
                if answer.json["status"] in FINAL:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)

    def disturb(self, chance):
        disturbances = ["kill"] * options.kills + ["restart", "crash", "cut"]
        chance.shuffle(disturbances)
        for what in disturbances:
            time.sleep(chance.uniform(0.2, options.pause))
            if what == "kill":
                number = chance.randrange(len(self.servers))
                with self.locks[number]:
                    self.servers[number].kill()
                    self.kills += 1
                    time.sleep(chance.uniform(0, options.lease))
                    self.start_again(self.servers[number])
            elif what == "cut":
                self.wire.cut()
                time.sleep(options.cut)
                self.wire.mend()
            else:
                self.own.stop(signal.SIGINT if what == "restart" else signal.SIGQUIT)
                time.sleep(chance.uniform(0, 1))
                self.own.start()

    def start_again(self, server):
        """Without a database a server does not start: whoever runs it tries again."""
        for _ in range(200):
            try:
                return server.start(wait_for_model=False)
            except RuntimeError:
                server.process.wait()
                time.sleep(0.3)
        raise AssertionError("the server did not start again:\n" + server.read_log()[-2000:])

    def test_nothing_is_lost_or_doubled(self):
        self.start_all()
        try:
            self.through_it_all()
        except BaseException:
            for server in self.servers:
                sys.stderr.write(server.read_log()[-3000:])
            raise
        finally:
            self.ending.set()
            for server in self.servers:
                server.close()
            if options.apart:
                self.bridge.close()
            self.own.close()

    def through_it_all(self):
        chance = random.Random(options.seed)
        failures = []

        def watched(work):
            def run():
                try:
                    work(random.Random(chance.random()))
                except BaseException as failure:    # told by the main thread
                    failures.append(failure)
            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            return thread
        threads = [watched(self.hand_in), watched(self.disturb)]
        readers = {}

        def read_streams():
            """All of them, some at a time."""
            for job, (kind, _) in list(self.jobs.items()):
                if sum(thread.is_alive() for thread in readers.values()) < 24 and kind == 3 and job not in readers:
                    readers[job] = watched(lambda own, job=job: self.read_stream(own, job))
        while any(thread.is_alive() for thread in threads):
            read_streams()
            time.sleep(0.05)
        self.assertEqual(failures, [])
        calm = random.Random(0)
        for job, (kind, text) in self.jobs.items():
            end = time.monotonic() + 600
            while True:
                state = self.ask(calm, "GET", "/status-sync/%s?wait=5000" % job).json
                if state["status"] in FINAL or time.monotonic() > end:
                    break
            self.assertEqual(state["status"], "COMPLETED", state)
            if kind >= 2:
                self.assertEqual(state["output"]["text"], text)
        while len(readers) < sum(kind == 3 for kind, _ in self.jobs.values()):
            read_streams()
            time.sleep(0.05)
        for thread in readers.values():
            thread.join(120)
        self.assertEqual(failures + self.faults, [])
        ends = self.own.query("SELECT count(*), count(DISTINCT id) FROM public.ends", self.name)
        kept = self.own.query("SELECT count(*) FROM chatterbox.jobs", self.name)
        # A request whose answer was cut off may be there too, and ends once like all.
        self.assertGreaterEqual(int(kept), len(self.jobs))
        total, different = map(int, ends.split("|"))
        self.assertEqual(total, different)
        self.assertGreaterEqual(total, len(self.jobs))
        self.assertEqual(self.own.query("SELECT count(*) FROM public.strays", self.name), "0")
        lost = self.own.query("SELECT count(*) FROM chatterbox.jobs WHERE attempts > 1", self.name)
        print("%d jobs on %d servers%s, %d kills, the database restarted twice, a network cut for %g s: "
              "%d ended once each, %s begun more than once, %d streams read"
              % (len(self.jobs), len(self.servers), " on machines of their own" if options.apart else "",
                 self.kills, options.cut, total, lost, len(readers)))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--jobs", type=int, default=40, help="jobs of the long test")
    parser.add_argument("--servers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--pause", type=float, default=2, help="seconds between disturbances, at most")
    parser.add_argument("--cut", type=float, default=5, help="seconds without a network")
    parser.add_argument("--lease", type=int, default=2, help="seconds")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    why = network.enter()
    options.apart = not why
    print("seed %d; %s" % (options.seed, "servers are on machines of their own" if options.apart else
                           "servers are on one machine, whose network is not cut but swallows: " + why), flush=True)
    with cluster_or_skip() as cluster:
        unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
