#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Large requests, results and voices as objects: in a bucket that fails at times, in a directory;
gone with their job, and no job lost with the bucket."""
import socket
import unittest

from client import *
from s3_server import BUCKET, ID, SECRET, S3Server

options = None
# Above the size from which the tests keep objects.
LONG = "A sentence that is long enough. " * 40


def bucket_server(bucket, *flags, **more):
    return Server(options, *bucket.flags(), "--threads", "1", *flags,
                  environment=bucket.environment(), **more)


class Bucket(unittest.TestCase):
    def setUp(self):
        self.bucket = S3Server()

    def tearDown(self):
        self.bucket.close()

    def stored(self, folder):
        return [name for name in self.bucket.names() if name.startswith("pre/fix/%s/" % folder)]

    def expect_empty(self, server):
        server.until(lambda: not self.bucket.names(), 60, "the end of all objects")

    def test_what_is_large_is_in_the_bucket(self):
        with bucket_server(self.bucket) as server:
            job = server.run({"operation": "list_local_voices", "padding": "x" * 2000})
            done = server.wait(job)
            self.assertEqual(done["status"], "COMPLETED", done)
            self.assertEqual(len(self.stored("results")), 1)
            kept = self.bucket.objects[self.stored("results")[0]]
            self.assertEqual(json.loads(kept), done["output"])
            self.assertIn(("PUT", "requests"), [(verb, path.split("/")[4]) for verb, path in self.bucket.requests])
            # Once for whoever asks for the stream, too.
            stream = server.get("/stream/" + job).json
            self.assertEqual(stream["stream"], [{"output": done["output"]}])
            # The request goes with the end, the result with the job.
            server.until(lambda: not self.stored("requests"), 60, "the end of the request")
            server.get("/status/%s?ttl=1" % job)
            self.expect_empty(server)
            self.assertEqual(self.bucket.faults, [])
            server.until(lambda: server.rows("SELECT * FROM objects") == [], 60, "that to be known")

    def test_large_speech_comes_back_whole(self):
        with bucket_server(self.bucket) as server:
            done = server.wait(server.run(tts("A long story. " * 30, sample_rate=96000)), 300)
            self.assertEqual(done["status"], "COMPLETED", done.get("message"))
            self.assertGreater(len(done["output"]["audio"]), 2 << 20)
            self.assertEqual(read_wav(done["output"]["audio"])[0], 96000)
            # In pieces.
            self.assertGreater(len([1 for verb, _ in self.bucket.requests if verb == "GET"]), 2)

    def test_a_queue_that_is_cleared_leaves_nothing(self):
        with bucket_server(self.bucket, "--workers", "1") as server:
            blocker = server.run(tts("A long story. " * 250), policy={"executionTimeout": 600000})
            server.until(lambda: server.status(blocker).json["status"] == "IN_PROGRESS", 60, "a start")
            jobs = [server.run(tts(LONG)) for _ in range(3)]
            self.assertEqual(len(self.stored("requests")), 4)
            server.post("/cancel/" + jobs[0])
            server.until(lambda: len(self.stored("requests")) == 3, 60, "the end of one")
            self.assertEqual(server.post("/purge-queue").json["removed"], 2)
            server.post("/cancel/" + blocker)
            self.expect_empty(server)

    def test_a_bucket_that_fails_at_times(self):
        """Each object that is read fails twice first, what is written or removed once; all is slow."""
        self.bucket.stumbles = {("GET", "requests"): 2, ("GET", "results"): 2, ("PUT", "results"): 1,
                                ("DELETE", "requests"): 1, ("DELETE", "results"): 1}
        self.bucket.seconds_late = 0.05
        with bucket_server(self.bucket) as server:
            jobs = [server.run({"operation": "list_local_voices", "padding": "x" * 2000}) for _ in range(12)]
            for job in jobs:
                done = server.wait(job)
                self.assertEqual(done["status"], "COMPLETED", done)
            self.assertEqual(len(self.stored("results")), 12)
            for job in jobs:
                server.get("/status/%s?ttl=1" % job)
            self.expect_empty(server)

    def test_a_bucket_that_is_away_loses_nothing(self):
        with bucket_server(self.bucket) as server:
            before = server.run({"operation": "list_local_voices"})
            server.wait(before)
            self.bucket.away = True
            # Requests and results are in the database instead.
            job = server.run({"operation": "list_local_voices", "padding": "x" * 2000})
            done = server.wait(job, 120)
            self.assertEqual(done["status"], "COMPLETED", done)
            self.assertIn("kept in the database for a while", server.read_log())
            self.assertNotIn("chatterbox_object_failures_total 0\n", server.get("/metrics").body.decode())
            # What is in the bucket cannot be read now, and is still there afterwards.
            with self.assertRaises((OSError, http.client.HTTPException)):
                server.status(before)
            self.bucket.away = False
            self.assertEqual(server.status(before).json["status"], "COMPLETED")
            self.assertEqual(server.status(job).json["output"], done["output"])

    def test_a_bucket_that_is_slow_keeps_nobody_waiting(self):
        """Clients do not wait for it: what it does not take in time is in the database."""
        with bucket_server(self.bucket) as server:
            self.bucket.seconds_late = 6
            start = time.monotonic()
            job = server.run({"operation": "list_local_voices", "padding": "x" * 2000})
            self.assertLess(time.monotonic() - start, 4)
            self.assertEqual([name for name in self.stored("requests")], [])
            done = server.wait(job, 120)
            self.assertEqual(done["status"], "COMPLETED", done)
            self.bucket.seconds_late = 0
            server.get("/status/%s?ttl=1" % job)
            # Also what it took after nobody waited any more.
            self.expect_empty(server)

    def test_a_request_that_cannot_be_read_fails_and_can_be_tried_again(self):
        with bucket_server(self.bucket, "--workers", "1") as server:
            blocker = server.run(tts("A long story. " * 250), policy={"executionTimeout": 600000})
            server.until(lambda: server.status(blocker).json["status"] == "IN_PROGRESS", 60, "a start")
            job = server.run({"operation": "list_local_voices", "padding": "x" * 2000})
            name = [one for one in self.stored("requests")
                    if b"padding" in self.bucket.objects[one]][0]
            body = self.bucket.objects.pop(name)
            server.post("/cancel/" + blocker)
            done = server.wait(job)
            self.assertEqual(done["status"], "FAILED", done)
            self.assertEqual(done["error"], "Storage unavailable")
            self.assertIn("NoSuchKey", done["message"])
            self.bucket.objects[name] = body
            self.assertEqual(server.post("/retry/" + job).json["status"], "IN_QUEUE")
            self.assertEqual(server.wait(job)["status"], "COMPLETED")

    def test_who_cancels_while_the_result_is_sent(self):
        with bucket_server(self.bucket) as server:
            self.bucket.gate = threading.Event()
            job = server.run({"operation": "list_local_voices"})
            server.until(lambda: [1 for verb, path in self.bucket.requests if "results" in path], 60, "an upload")
            self.assertEqual(server.post("/cancel/" + job).json["status"], "CANCELLED")
            self.bucket.gate.set()
            server.until(lambda: "job %s had ended before" % job in server.read_log(), 60, "the end of work")
            self.assertEqual(server.status(job).json["status"], "CANCELLED")
            self.expect_empty(server)

    def test_a_server_killed_while_it_sends(self):
        """The job begins again; what the first start left is removed when its trial is over."""
        with bucket_server(self.bucket) as server:
            self.bucket.gate = threading.Event()
            job = server.run({"operation": "list_local_voices"})
            server.until(lambda: [1 for verb, path in self.bucket.requests if "results" in path], 60, "an upload")
            server.kill()
            self.bucket.gate.set()
            self.bucket.gate = None
            server.start()
            self.assertEqual(server.wait(job)["status"], "COMPLETED")
            names = [row[0] for row in server.rows("SELECT name FROM objects")]
            self.assertEqual(len(names), 2)
            # All that is in the bucket is known, so that nothing is left in it for ever.
            self.assertLessEqual({name[len("pre/fix/"):] for name in self.bucket.names()}, set(names))

    def test_wrong_keys_are_told_and_not_shown(self):
        environment = dict(self.bucket.environment(), AWS_SECRET_ACCESS_KEY="the-wrong-secret")
        with Server(options, *self.bucket.flags(), environment=environment) as server:
            done = server.wait(server.run({"operation": "list_local_voices"}))
            self.assertEqual(done["status"], "COMPLETED", done)
            log = server.read_log()
            self.assertIn("expected success, got status 403 (SignatureDoesNotMatch)", log)
            for secret in ("the-wrong-secret", SECRET, ID):
                self.assertNotIn(secret, log)


class Requested(unittest.TestCase):
    """A request that names a bucket of its own."""

    @classmethod
    def setUpClass(cls):
        # A private address, which the server may call only where that is allowed.
        cls.server = Server(options, "--webhooks", "any", "--threads", "1")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.bucket = S3Server()
        self.bucket.region = "us-east-1"

    def tearDown(self):
        self.bucket.close()

    def expect_no_secrets(self, *texts):
        for text in texts + (self.server.read_log(), str(self.server.rows("SELECT * FROM jobs"))):
            self.assertNotIn(SECRET, text)
            self.assertNotIn(ID, text)
        # The request, which holds them, is gone with the end of its job.
        self.assertEqual(self.server.rows("SELECT body FROM inputs"), [])

    def test_audio_is_put_where_it_says(self):
        job = self.server.run(tts("Put it there."), s3Config=self.bucket.config(objectPath="a/b"))
        done = self.server.wait(job)
        self.assertEqual(done["status"], "COMPLETED", done)
        output = done["output"]
        self.assertNotIn("audio", output)
        self.assertNotIn("warnings", output)
        self.assertEqual(output["object_key"], "a/b/%s.wav" % job)
        self.assertEqual(output["audio_url"], "%s/%s/a/b/%s.wav" % (self.bucket.endpoint, BUCKET, job))
        rate, samples = read_wav(self.bucket.objects["a/b/%s.wav" % job])
        self.assertEqual(rate, 24000)
        self.assertAlmostEqual(len(samples) / rate, output["duration"], places=2)
        self.expect_no_secrets(json.dumps(done))

    def test_the_file_that_was_asked_for(self):
        job = self.server.run({"prompt": "Put it there.", "voice": "lucy", "format": "flac"},
                              s3Config=self.bucket.config(region="x"))
        output = self.server.wait(job)["output"]
        self.assertTrue(output["audio_url"].endswith("/%s.flac" % job), output["audio_url"])
        self.assertEqual(self.bucket.objects[job + ".flac"][:4], b"fLaC")
        self.assertIn("unknown field 's3Config.region' was ignored", output["warnings"])

    def test_a_bucket_that_stumbles(self):
        self.bucket.stumbles = {("PUT", ""): 2}
        job = self.server.run(tts("Put it there."), s3Config=self.bucket.config())
        self.assertEqual(self.server.wait(job)["status"], "COMPLETED")
        self.assertEqual(self.bucket.names(), [job + ".wav"])

    def test_what_cannot_be_put_is_not_lost(self):
        job = self.server.run(tts("Put it there."), s3Config=self.bucket.config(accessSecret="wrong"))
        done = self.server.wait(job)
        self.assertEqual(done["status"], "FAILED")
        self.assertEqual(done["error"], "Upload failed")
        self.assertIn("status 403 (SignatureDoesNotMatch)", done["message"])
        self.assertEqual(read_wav(done["output"]["audio"])[0], 24000)
        # The keys are gone, and with them the way to try it again.
        self.assertEqual(self.server.post("/retry/" + job).status, 400)
        self.expect_no_secrets(json.dumps(done))

    def test_nobody_at_the_other_end(self):
        """Nobody listens there, then somebody who never answers: the job ends with its audio, and says so;
        the worker is free meanwhile for whoever cancels."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            job = self.server.run(tts("Put it there."), s3Config=self.bucket.config(
                endpointUrl="http://127.0.0.1:%d" % closed.getsockname()[1]))
            done = self.server.wait(job, 120)
            self.assertEqual((done["status"], done["error"]), ("FAILED", "Upload failed"), done)
            self.assertEqual(read_wav(done["output"]["audio"])[0], 24000)
            self.expect_no_secrets(json.dumps(done))
        with socket.create_server(("127.0.0.1", 0)) as silent:
            job = self.server.run(tts("Put it there."), s3Config=self.bucket.config(
                endpointUrl="http://127.0.0.1:%d" % silent.getsockname()[1]))
            connection = silent.accept()[0]
            with connection:
                self.assertTrue(connection.recv(1 << 16).startswith(b"PUT /"))
                self.assertEqual(self.server.status(job).json["status"], "IN_PROGRESS")
                self.server.post("/cancel/" + job)
                start = time.monotonic()
                self.server.until(lambda: "job %s had ended before" % job in self.server.read_log(), 30, "the end")
                self.assertLess(time.monotonic() - start, 5)

    def test_who_cancels_while_it_is_put(self):
        self.bucket.gate = threading.Event()
        job = self.server.run(tts("Put it there."), s3Config=self.bucket.config())
        self.server.until(lambda: self.bucket.requests, 60, "an upload")
        self.assertEqual(self.server.post("/cancel/" + job).json["status"], "CANCELLED")
        # The bucket never answers: the upload stops all the same.
        self.server.until(lambda: "job %s had ended before" % job in self.server.read_log(), 60, "the end of work")
        self.expect_no_secrets()

    def test_faults_are_named(self):
        for change, expected in (({"accessSecret": 5}, "s3Config.accessSecret: expected a text"),
                                 ({"accessId": "a b"}, "s3Config.accessId: expected a text"),
                                 ({"bucketName": "a"}, "s3Config: expected the name of a bucket"),
                                 ({"bucketName": None}, "s3Config: expected the name of a bucket"),
                                 ({"endpointUrl": "ftp://x"}, "s3Config: expected an endpoint"),
                                 ({"endpointUrl": "https://u:p@x"}, "s3Config: expected an endpoint"),
                                 ({"objectPath": "a/../b"}, "s3Config: expected a path"),
                                 ({"endpointUrl": "http://169.254.169.254"}, "an address that the server may call")):
            answer = self.server.post("/run", {"input": tts(), "s3Config": self.bucket.config(**change)})
            self.assertEqual(answer.status, 400, change)
            self.assertIn(expected, answer.json["message"])
            self.assertNotIn(SECRET, answer.body.decode())
        self.assertEqual(self.server.post("/run", {"input": tts(), "s3Config": 1}).status, 400)

    def test_private_addresses_are_refused(self):
        with Server(options, wait_for_model=False) as server:
            for endpoint in (self.bucket.endpoint, "http://10.1.2.3", "http://localhost:9000", "http://[::1]:9000"):
                answer = server.post("/run", {"input": tts(), "s3Config": self.bucket.config(endpointUrl=endpoint)})
                self.assertEqual(answer.status, 400, endpoint)
            # A name that stands for a private address is found out when it is called.
            name = socket.gethostname()
            job = server.run(tts(), s3Config=self.bucket.config(
                endpointUrl="http://%s:%d" % (name, self.bucket.server_address[1])))
            done = server.wait(job, 120)
            self.assertEqual((done["status"], done["error"]), ("FAILED", "Upload failed"), done)
            self.assertEqual(self.bucket.requests, [])


class Directory(unittest.TestCase):
    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            with Server(options, "--objects", "file://%s/objects" % folder, "--objects-from-kb", "1") as server:
                def files():
                    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
                job = server.run({"operation": "list_local_voices", "padding": "x" * 2000})
                done = server.wait(job)
                self.assertEqual(done["status"], "COMPLETED", done)
                server.until(lambda: len(files()) == 1, 60, "the result alone")
                with open(files()[0], encoding="utf-8") as file:
                    self.assertEqual(json.load(file), done["output"])
                server.get("/status/%s?ttl=1" % job)
                server.until(lambda: not files(), 60, "the end of it")


class Settings(unittest.TestCase):
    def fault(self, *flags, **environment):
        done = subprocess.run([options.server, "--listen", "127.0.0.1:0", "--data-dir", self.folder.name,
                               "--model-path", options.model] + list(flags), capture_output=True, check=False,
                              env=dict(os.environ, **environment))
        self.assertEqual(done.returncode, 2)
        return done.stderr.decode()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def test_faults_are_named(self):
        for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ.pop(variable, None)
        self.assertIn("objects: expected s3://BUCKET", self.fault("--objects", "gs://x"))
        self.assertIn("objects: expected a directory", self.fault("--objects", "file:///proc/none/at/all"))
        self.assertIn("AWS_ACCESS_KEY_ID", self.fault("--objects", "s3://bucket"))
        keys = {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET}
        self.assertIn("the name of a bucket", self.fault("--objects", "s3://b", **keys))
        shown = self.fault("--objects", "s3://bucket", "--objects-endpoint", "host:90", **keys)
        self.assertIn("an endpoint as https://", shown)
        self.assertNotIn(SECRET, shown)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--curl", choices=("yes", "no"), default="yes", help="whether the server has libcurl")
    options = parser.parse_args()
    tests = [Directory] + ([Bucket, Requested, Settings] if options.curl == "yes" else [])
    if options.curl == "no":
        print("without libcurl: buckets are not tested", file=sys.stderr)
    main(tests)
