#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/many-machines.md as it stands: the compose file's services as processes, its haproxy.cfg between
clients and two servers that come and go, its units under the eyes of systemd. What is replaced are
addresses, and the images by the programs that are in them."""
import signal
import socket
import unittest

from client import *
from postgres import cluster_or_skip

options = None
cluster = None
GRACE = r"(\d+)s$"


def blocks(page):
    """The fenced blocks: (the line above, the language, the text)."""
    found, above, language, text = [], "", None, []
    for line in page.splitlines():
        if line.startswith("```"):
            if language is None:
                language, text = line[3:], []
            else:
                found.append((above, language, "\n".join(text) + "\n"))
                language, above = None, ""
        elif language is not None:
            text.append(line)
        elif line.strip():
            above = line
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Service:
    """A process of a service, as the balancer sees it."""

    def __init__(self, command, environment, port, log):
        self.command, self.environment, self.port, self.log = command, environment, port, log
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)
        return self

    def stop(self, grace):
        """As docker does: SIGTERM, and SIGKILL after the grace; the exit status and the seconds."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(grace)
        return status, time.monotonic() - start

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(options.source, "docs/many-machines.md"), encoding="utf-8") as page:
            cls.blocks = blocks(page.read())

    def block(self, language, holding):
        found = [text for _, kind, text in self.blocks if kind == language and holding in text]
        self.assertEqual(len(found), 1, (language, holding))
        return found[0]

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chatterbox-many-")
        self.addCleanup(shutil.rmtree, self.folder, True)


class Compose(Page):
    """The whole service, and its end and beginning under load."""

    def compose(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("expected PyYAML to read the compose file with, found none")
        if not shutil.which("haproxy"):
            self.skipTest("expected the program haproxy, found none")
        return yaml.safe_load(self.block("yaml", "services:"))

    def start_database(self, service):
        wanted = service["environment"]
        self.assertEqual((wanted["POSTGRES_USER"], wanted["POSTGRES_DB"]), ("chatterbox", "chatterbox"))
        self.assertTrue(service["image"].startswith("postgres:"))
        name, _ = cluster.new_database()
        # The health check, against that cluster.
        kind, *command = service["healthcheck"]["test"]
        self.assertEqual(kind, "CMD")
        command[0] = cluster.program(command[0])
        done = subprocess.run(command, env=dict(os.environ, PGHOST=cluster.folder), capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return name

    def image_environment(self):
        """ENV and ENTRYPOINT of the image that the servers run."""
        with open(os.path.join(options.source, "Containerfile"), encoding="utf-8") as file:
            text = file.read()
        self.assertIn('ENTRYPOINT ["chatterbox-server"]', text)
        return dict(pair.split("=", 1) for line in re.findall(r"^ENV (.*)$", text, re.M) for pair in line.split())

    def start_servers(self, service, database):
        self.grace = int(re.match(GRACE, service["stop_grace_period"])[1])
        self.key = service["environment"]["CHATTERBOX_API_KEY"]
        servers = []
        for number in range(service["deploy"]["replicas"]):
            given = {name: str(value) for name, value in
                     dict(self.image_environment(), **service["environment"]).items()}
            data, port = os.path.join(self.folder, "data%d" % number), free_port()
            self.assertIn("@database/chatterbox", given["CHATTERBOX_STORE"])
            given["CHATTERBOX_STORE"] = given["CHATTERBOX_STORE"].replace(
                "@database/chatterbox", "@/%s?host=%s" % (database, cluster.folder))
            given["CHATTERBOX_LISTEN"] = given["CHATTERBOX_LISTEN"].replace("0.0.0.0:8004", "127.0.0.1:%d" % port)
            inside = given["CHATTERBOX_DATA_DIR"]
            for name in ("CHATTERBOX_DATA_DIR", "CHATTERBOX_VOICES_DIR"):
                self.assertTrue(given[name].startswith(inside), given[name])
                given[name] = data + given[name][len(inside):]
            # What the image has installed.
            given.update(CHATTERBOX_VOICES_PATH=options.voices, CHATTERBOX_MODEL_PATH=options.model,
                         XDG_CACHE_HOME=data + ".cache", HOME=data + ".home", CHATTERBOX_THREADS="1",
                         CHATTERBOX_LOG="info")
            os.makedirs(data)
            servers.append(Service([options.server], dict(os.environ, **given), port, data + ".log"))
            self.addCleanup(servers[-1].kill)
            servers[-1].start()
        return servers

    def start_balancer(self, service, servers):
        self.assertTrue(service["image"].startswith("haproxy:"))
        text = self.block("haproxy", "default_backend servers")
        # As it stands it is one that haproxy takes.
        path = os.path.join(self.folder, "haproxy.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run(["haproxy", "-c", "-f", path], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        port = free_port()
        text, count = re.subn(r"(?m)^  bind :8004$", "  bind 127.0.0.1:%d" % port, text)
        self.assertEqual(count, 1)
        text, count = re.subn(
            r"(?m)^  server-template server %d server:8004 .*\n" % len(servers),
            "".join("  server server%d 127.0.0.1:%d\n" % (number, server.port)
                    for number, server in enumerate(servers)), text)
        self.assertEqual(count, 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        balancer = Service(["haproxy", "-db", "-f", path], dict(os.environ), port,
                           os.path.join(self.folder, "haproxy.log"))
        self.addCleanup(balancer.kill)
        return balancer.start()

    def ask(self, method, path, body=None, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.balancer.port, timeout=120)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Authorization": "Bearer " + self.key})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def wait_for(self, condition, what, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise AssertionError("%s did not come within %d s" % (what, seconds))

    def through_job(self, number):
        asked = self.ask("POST", "/run", {"input": tts("Job %d." % number)})
        assert asked.status == 200, (asked.status, asked.body)
        state = {}
        for _ in range(60):
            answer = self.ask("GET", "/status-sync/%s?wait=5000" % asked.json["id"])
            assert answer.status == 200, (answer.status, answer.body)
            state = answer.json
            if state["status"] in FINAL:
                break
        assert state["status"] == "COMPLETED", state

    def through_sync(self, number):
        asked = self.ask("POST", "/runsync", {"input": tts("At once %d." % number)})
        assert asked.status == 200, (asked.status, asked.body)
        assert asked.json["status"] not in ("FAILED", "CANCELLED", "TIMED_OUT"), asked.json

    def through_stream(self, number):
        asked = self.ask("POST", "/run", {"input": tts("A stream, number %d." % number, mode="streaming",
                                                       chunk_size=10)})
        assert asked.status == 200, (asked.status, asked.body)
        last = -1
        for _ in range(60):
            answer = self.ask("GET", "/stream/%s?wait=2000" % asked.json["id"])
            assert answer.status == 200, (answer.status, answer.body)
            for piece in answer.json["stream"]:
                chunk = piece["output"].get("chunk", last + 1)
                assert chunk > last, (chunk, last)
                last = chunk
            if answer.json["status"] in FINAL:
                break
        assert answer.json["status"] == "COMPLETED" and last >= 0, answer.json

    def through_speech(self, number):
        answer = self.ask("POST", "/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "response_format": "wav",
                                                       "input": "Speech, number %d. " % number * 3})
        assert answer.status == 200, (answer.status, answer.body)
        assert len(answer.body) > 20_000, len(answer.body)

    def test_no_request_fails_while_servers_come_and_go(self):
        services = self.compose()["services"]
        database = self.start_database(services["database"])
        servers = self.start_servers(services["server"], database)
        self.balancer = self.start_balancer(services["balancer"], servers)
        for server in servers:
            self.wait_for(lambda: self.ask("GET", "/ping", port=server.port).status == 200, "the model")
        self.wait_for(lambda: self.ask("GET", "/ping").status == 200, "the balancer")
        failures, done, ending = [], {}, threading.Event()

        def keep_asking(what):
            number = 0
            while not ending.is_set():
                number += 1
                try:
                    what(number)
                except BaseException as failure:
                    failures.append("%s %d: %r" % (what.__name__, number, failure))
                done[what.__name__] = number
        threads = [threading.Thread(target=keep_asking, args=(what,)) for what in
                   (self.through_job, self.through_sync, self.through_stream, self.through_speech)]
        for thread in threads:
            thread.start()
        try:
            for turn in range(options.turns):
                for server in servers:
                    time.sleep(2)
                    status, took = server.stop(self.grace)
                    print("  stopped after %.1f s" % took, flush=True)
                    self.assertEqual(status, 0, server.read_log()[-2000:])
                    self.assertEqual(failures, [])
                    server.start()
                    self.wait_for(lambda: self.ask("GET", "/ping", port=server.port).status == 200, "the model")
                    # Until the balancer has noticed.
                    time.sleep(2)
        finally:
            ending.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        print("  %s while servers stopped %d times" % (
            ", ".join("%d %s" % (count, name[len("through_"):]) for name, count in sorted(done.items())),
            options.turns * len(servers)))
        for name, count in done.items():
            self.assertGreater(count, 1, name)
        # An answer to /runsync may have come before its job's end.
        self.wait_for(lambda: cluster.query("SELECT count(*) FROM chatterbox.jobs WHERE state <> 2", database) == "0",
                      "the end of all jobs")
        self.assertNotIn("not heard of any more", "".join(server.read_log() for server in servers))


class Units(Page):
    def unit(self):
        """The unit as it is installed, with the program of this build."""
        with open(options.unit, encoding="utf-8") as file:
            text = file.read()
        text, count = re.subn(r"(?m)^(ExecStart=)\S*/chatterbox-server ", r"\1%s " % options.server, text)
        self.assertEqual(count, 1)
        return text

    def environment(self):
        """What /etc/default/chatterbox-server says."""
        return dict(line.split("=", 1) for line in self.block("sh", "CHATTERBOX_LISTEN=").splitlines())

    def test_systemd_takes_them(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("expected the program systemd-analyze, found none")
        path = os.path.join(self.folder, "chatterbox-server.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.unit())
        os.mkdir(path + ".d")
        with open(os.path.join(path + ".d", "many.conf"), "w", encoding="utf-8") as file:
            file.write(self.block("ini", "TimeoutStopSec"))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, check=False,
                              env=dict(os.environ, SYSTEMD_UNIT_PATH=self.folder + ":"))
        # What is wrong with other units of this machine is not ours.
        own = [line for line in (done.stdout + done.stderr).decode().splitlines() if "chatterbox" in line
               or "many.conf" in line]
        self.assertEqual(own, [])
        # A stop has time for both parts of a drain.
        stop = int(re.search(r"(?m)^TimeoutStopSec=(\d+)$", self.block("ini", "TimeoutStopSec"))[1])
        self.assertGreater(stop, int(self.environment()["CHATTERBOX_DRAIN_NOTICE_SECONDS"]) + 25)

    def test_its_command_serves(self):
        """The unit's command with the environment of the page, as a process."""
        name, _ = cluster.new_database()
        command = re.search(r"(?m)^ExecStart=(.*)$", self.unit())[1]
        command = command.replace("--config /etc/chatterbox-server.conf ", "").replace("%S", self.folder).split()
        given = self.environment()
        self.assertIn("@db.example/chatterbox?sslmode=verify-full", given["CHATTERBOX_STORE"])
        given["CHATTERBOX_STORE"] = given["CHATTERBOX_STORE"].replace(
            "@db.example/chatterbox?sslmode=verify-full", "@/%s?host=%s" % (name, cluster.folder))
        port = free_port()
        given["CHATTERBOX_LISTEN"] = "127.0.0.1:%d" % port
        given.update(CHATTERBOX_VOICES_PATH=options.voices, CHATTERBOX_MODEL_PATH=options.model,
                     HOME=self.folder, XDG_CACHE_HOME=self.folder)
        server = Service(command, dict(os.environ, **given), port, os.path.join(self.folder, "log")).start()
        self.addCleanup(server.kill)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("GET", "/ping")
                if connection.getresponse().status == 200:
                    break
            except OSError:
                pass
            self.assertIsNone(server.process.poll(), server.read_log())
            time.sleep(0.1)
        self.assertEqual(cluster.query("SELECT count(*) FROM chatterbox.servers", name), "1")
        self.assertEqual(server.stop(40)[0], 0)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--unit", required=True, help="chatterbox-server.service of this build")
    parser.add_argument("--source", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    parser.add_argument("--turns", type=int, default=1, help="how often each server is stopped")
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    options.server = os.path.abspath(options.server)
    with cluster_or_skip() as cluster:
        unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
