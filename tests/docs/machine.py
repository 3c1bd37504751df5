# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""A user's machine: a directory like the top of the tree, a home of its own, what was built in the
PATH, and stand-ins for what a test cannot have."""
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "cli"), str(HERE.parent / "sidecar")]

import postgres  # noqa: E402
import s3_server  # noqa: E402
from hub import REVISION, Hub  # noqa: E402

PATIENCE = 900  # seconds that a block may take
SERVER = re.compile(r"^(\S*/)?chatterbox-server\s")
AUDIO = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".mka", ".mkv"}


class Skipped(Exception):
    """Why something cannot be run on this machine."""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Machine:
    def __init__(self, tree, build):
        self.tree, self.build = tree, build
        self.folder = tempfile.TemporaryDirectory(prefix="chatterbox-pages-")
        root = pathlib.Path(self.folder.name)
        self.work = root / "work"
        self.work.mkdir()
        for entry in tree.iterdir():
            if not entry.name.startswith(".") and entry.name != "build":
                (self.work / entry.name).symlink_to(entry)
        (self.work / "build").symlink_to(build)
        self.ports, self.servers, self.cluster, self.bucket = {}, [], None, None
        self.hub, manifest = self.make_hub()
        (root / "manifest.json").write_text(json.dumps(manifest))
        places = [HERE / "stand_ins"] + [build / name for name in
                                         ("cli", "sidecar", "tools", "examples")]
        self.environment = {
            **{name: value for name, value in os.environ.items()
               if not name.startswith("HF_") and not name.lower().endswith("_proxy")},
            "HOME": str(root), "XDG_DATA_HOME": str(root / "data"),
            "XDG_CACHE_HOME": str(root / "cache"), "XDG_STATE_HOME": str(root / "state"),
            "TMPDIR": str(root), "PATH": os.pathsep.join([*map(str, places), os.environ["PATH"]]),
            "HF_ENDPOINT": self.hub.endpoint, "BLOCKS_MANIFEST": str(root / "manifest.json"),
            "BLOCKS_CHATTERBOX": str(build / "cli" / "chatterbox"),
            # Speakers are a sink that takes its time and plays nothing.
            "GST_PLUGIN_FEATURE_RANK": "fakeaudiosink:PRIMARY," + ",".join(
                f"{name}:NONE" for name in ("alsasink", "pulsesink", "pipewiresink", "osssink",
                                            "oss4sink", "jackaudiosink", "openalsink",
                                            "alsasrc", "pulsesrc", "pipewiresrc"))}

    def make_hub(self):
        """A hub that gives the small model out as Nano, and its manifest."""
        model = self.tree / "models" / "embedded"
        files = {path.name: path.read_bytes() for path in model.iterdir()
                 if path.suffix in (".json", ".pt", ".safetensors")}
        versions = {name: {"versions": {"Owner/small": [len(data), hashlib.sha256(data).hexdigest()]}}
                    for name, data in files.items()}
        nano = {"about": "for tests", "repository": "Owner/small", "t3": ["t3_cfg.safetensors"],
                "others": sorted(set(files) - {"t3_cfg.safetensors"})}
        return Hub({"Owner/small": files}), {"revisions": {"Owner/small": REVISION},
                                             "families": {"nano": nano}, "files": versions}

    def close(self):
        self.stop()
        for helper in (self.cluster, self.bucket, self.hub):
            if helper:
                helper.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def port(self, documented):
        return self.ports.setdefault(documented, free_port())

    def here(self, text):
        """The text with places that pages name by example as they are on this machine."""
        text = re.sub(r"(?<=[:.0-9])(?<=:)(8004|10200|7001)\b",
                      lambda match: str(self.port(match[1])), text)
        text = text.replace("/path/to/chatterbox-nano", str(self.tree / "models" / "embedded"))
        return re.sub(r"postgresql://(\.\.\.|[^\s'\"]*@(?:db\.example|database)/[^\s'\"]*)",
                      lambda _: shlex.quote(self.new_database()), text)

    # PostgreSQL as Debian installs it: a user postgres, nobody else yet.
    def start_postgres(self):
        if self.cluster:
            return
        try:
            self.cluster = postgres.Cluster()
        except postgres.Missing as missing:
            raise Skipped(f"there is no PostgreSQL here: {missing}") from missing
        self.cluster.query("CREATE ROLE postgres SUPERUSER LOGIN")
        self.sql("ALTER ROLE chatterbox RENAME TO first_user")
        self.environment["BLOCKS_POSTGRES"] = self.cluster.folder

    def sql(self, statement):
        subprocess.run(["psql", "-h", self.cluster.folder, "-U", "postgres", "-d", "postgres", "-X",
                        "-q", "-c", statement], check=True, capture_output=True)

    def new_database(self):
        """The address of a database as the page sets one up, empty."""
        self.start_postgres()
        name = f"chatterbox{len(self.servers)}"
        self.sql(f"DROP DATABASE IF EXISTS {name}")
        self.sql(f"CREATE DATABASE {name} OWNER chatterbox")
        return f"postgresql://chatterbox@/{name}?host={self.cluster.folder}"

    def start_bucket(self):
        if not self.bucket:
            self.bucket = s3_server.S3Server()
            self.environment.update(self.bucket.environment())
        return self.bucket

    def run(self, script):
        """Runs lines as pasted. A text is on standard input, for those that read what is typed."""
        before = self.outputs()
        with open(self.tree / "examples" / "text" / "hello.txt", "rb") as typed:
            try:
                done = subprocess.run(["bash", "-eo", "pipefail", "-c", self.here(script)],
                                      cwd=self.work, env=self.environment, stdin=typed,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      errors="replace", timeout=PATIENCE, check=False)
            except subprocess.TimeoutExpired as late:
                raise AssertionError(f"did not end within {PATIENCE} s: {late.output}") from late
        if done.returncode == 77:
            raise Skipped(done.stdout.strip().splitlines()[-1])
        assert done.returncode == 0, f"exit status {done.returncode}:\n{done.stdout}"
        assert '"status":"FAILED"' not in done.stdout, done.stdout
        for path, stamp in self.outputs().items():
            size = path.stat().st_size
            assert before.get(path) == stamp or size >= (2000 if path.suffix in AUDIO else 1), (
                f"expected something in {path.name}, got {size} bytes")
        hidden = [path.name for path in self.work.iterdir() if path.name.startswith(".")]
        assert not hidden, f"expected no unfinished files, got {hidden}"

    def outputs(self):
        return {path: path.stat().st_mtime_ns for path in self.work.iterdir()
                if path.is_file() and not path.is_symlink()}

    def start(self, command, scheme="http", **more):
        """Starts a server in the background, as in a terminal of its own, in place of the last."""
        self.stop()
        words = shlex.split(self.here(command), comments=True)
        program = self.work / words[0] if "/" in words[0] else words[0]
        log = open(pathlib.Path(self.folder.name) / f"server{len(self.servers)}.log", "w+")
        environment = {**self.environment,
                       **{name: self.here(value).strip("'") for name, value in more.items()}}
        if "--listen" not in words and "--config" not in words:
            environment.setdefault("CHATTERBOX_LISTEN", f"127.0.0.1:{self.port('8004')}")
        server = subprocess.Popen([program, *words[1:]], cwd=self.work, env=environment,
                                  stdout=log, stderr=subprocess.STDOUT)
        self.servers.append(server)
        try:
            self.wait_until_ready(server, scheme)
        except AssertionError as failure:
            log.seek(0)
            told = log.read()
            if "built without" in told:
                raise Skipped(told.strip().splitlines()[-1]) from failure
            raise AssertionError(f"{failure}:\n{told}") from failure

    def wait_until_ready(self, server, scheme):
        trusting = ssl._create_unverified_context()
        end = time.monotonic() + 120
        while time.monotonic() < end:
            assert server.poll() is None, f"the server ended with status {server.returncode}"
            try:
                address = f"{scheme}://127.0.0.1:{self.port('8004')}/ping"
                with urllib.request.urlopen(address, context=trusting, timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (OSError, urllib.error.URLError):
                pass
            time.sleep(0.1)
        raise AssertionError("the server was not ready within 120 s")

    def serves(self):
        return any(server.poll() is None for server in self.servers)

    def stop(self):
        for server in self.servers:
            if server.poll() is None:
                server.terminate()
                try:
                    server.wait(60)
                except subprocess.TimeoutExpired:
                    server.kill()

    def post(self, path, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port('8004')}{path}",
                                         json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()

    def tool(self, name):
        found = shutil.which(name, path=self.environment["PATH"] + ":/usr/sbin:/sbin")
        if not found:
            raise Skipped(f"{name} is not installed")
        return found
