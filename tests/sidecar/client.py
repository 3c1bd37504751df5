# SPDX-License-Identifier: MIT
"""A chatterbox-server of one's own, and the few HTTP calls the tests need."""
import argparse
import array
import base64
import functools
import hashlib
import http.client
import io
import json
import math
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import wave

FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")
KEY = "a-key-for-tests-0123456789"
# Set by postgres.py: servers keep their jobs there, each in a database of its own.
POSTGRES = os.environ.get("CHATTERBOX_TEST_POSTGRES", "")


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--server", required=True, help="the chatterbox-server to test")
    parser.add_argument("--model", required=True, help="directory of the model")
    parser.add_argument("--voices", default="", help="directory of the voices")
    return parser


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """Starts the program on a free port; ends it and removes its data with close()."""

    def __init__(self, options, *flags, key=None, data=None, environment=None, limits=None,
                 wait_for_model=True, machine=None):
        # A machine of network.py; else this one.
        self.host = machine.address if machine else "127.0.0.1"
        self.before = machine.before if machine else []
        self.options, self.flags, self.key = options, list(flags), key
        self.own_data = data is None
        self.data = data or tempfile.mkdtemp(prefix="chatterbox-test-")
        self.environment = environment or {}
        self.limits = limits
        self.port, self.process = 0, None
        self.database = None
        if POSTGRES and not any(flag.startswith("--store") for flag in flags):
            self.share(POSTGRES)
        self.start(wait_for_model)

    def start(self, wait_for_model=True):
        environment = dict(os.environ, CHATTERBOX_VOICES_PATH=self.options.voices,
                           XDG_CACHE_HOME=os.path.join(self.data, "cache"), **self.environment)
        if self.key:
            environment["CHATTERBOX_API_KEY"] = self.key
        self.log = open(os.path.join(self.data, "server.log"), "ab")
        self.process = subprocess.Popen(
            self.before + [self.options.server, "--listen", "%s:%d" % (self.host, self.port), "--data-dir", self.data,
             "--voices-dir", os.path.join(self.data, "voices"),
             "--model-path", self.options.model] + self.flags,
            stdout=subprocess.PIPE, stderr=self.log, env=environment, preexec_fn=self.limits)
        line = self.process.stdout.readline().decode()
        if not line:
            self.process.wait()
            self.process.stdout.close()
            self.log.close()
            raise RuntimeError("the server did not start:\n" + self.read_log())
        self.address = line.strip()
        self.port = int(self.address.rstrip("/").rsplit(":", 1)[1])
        if wait_for_model:
            self.until(lambda: self.get("/ping").status == 200, 300, "the model")
        return self

    def share(self, address):
        """Jobs go to a database of this server's data, beside that of the address."""
        name = "t" + hashlib.md5(self.data.encode()).hexdigest()[:16]
        self.database = re.sub(r"/\w+\?", "/%s?" % name, address)
        # It is there when this is not the first server on the data.
        subprocess.run(["psql", address, "-X", "-q", "-c", "CREATE DATABASE " + name],
                       capture_output=True, check=False)
        self.flags = ["--store", self.database] + self.flags

    def rows(self, sql):
        """Rows of the store, in words: of both kinds, tables being those of the search path."""
        if self.database:
            done = subprocess.run(["psql", self.database, "-X", "-q", "-t", "-A", "-c",
                                   "SET search_path = chatterbox", "-c", sql],
                                  capture_output=True, check=True)
            return [line.split("|") for line in done.stdout.decode().splitlines()]
        file = sqlite3.connect("file:%s?mode=ro" % os.path.join(self.data, "jobs.sqlite"), uri=True)
        return [[str(value) for value in row] for row in file.execute(sql)]

    def read_log(self):
        with open(os.path.join(self.data, "server.log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def stop(self, seconds=60):
        """Asks the server to end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        self.process.stdout.close()
        self.log.close()
        return status

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.process.stdout.close()
        self.log.close()
        if self.own_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def rss_kb(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def request(self, method, path, body=None, headers=None, timeout=60):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            sent = dict(headers or {})
            if self.key and "Authorization" not in sent:
                sent["Authorization"] = "Bearer " + self.key
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body, **options)

    def run(self, fields, **envelope):
        """The id of a new job."""
        answer = self.post("/run", dict(envelope, input=fields))
        assert answer.status == 200, (answer.status, answer.body)
        assert answer.json["status"] == "IN_QUEUE", answer.json
        return answer.json["id"]

    def status(self, job):
        return self.get("/status/" + job)

    def wait(self, job, seconds=60):
        """The job when it has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self.get("/status-sync/%s?wait=5000" % job)
            assert answer.status == 200, (answer.status, answer.body)
            if answer.json["status"] in FINAL:
                return answer.json
        raise AssertionError("job %s has not ended after %g s" % (job, seconds))

    def until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError("the server ended while waiting for %s:\n%s"
                                     % (what, self.read_log()))
            try:
                if condition():
                    return
            except (OSError, http.client.HTTPException):
                # The second: what was being read has come to its end.
                pass
            time.sleep(0.02)
        raise AssertionError("%s did not come within %g s" % (what, seconds))


def tts(text="Hello there.", **fields):
    return dict({"operation": "tts", "mode": "basic", "text": text}, **fields)


@functools.lru_cache(maxsize=None)
def tone(seconds, rate=24000, hz=150):
    """A WAV file of a buzz that swells and fades, for what needs audio and not words."""
    turn = [2 * math.pi * i / (rate // hz) for i in range(rate // hz)]
    buzz = [0.2 * 32767 * sum(math.sin(k * at) / k for k in range(1, 12)) for at in turn]
    samples = array.array("h")
    # Loudness changes from period to period of the buzz.
    for period in range(int(seconds * rate) // len(buzz) + 1):
        loudness = 0.6 + 0.4 * math.sin(2 * math.pi * 3 * period * len(buzz) / rate)
        samples.extend([int(loudness * value) for value in buzz])
    samples = samples[:int(seconds * rate)]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return file.getvalue()


def speech_like(seconds, rate=24000):
    """A tone with pauses of near silence in it: what a voice can be made of, as far as levels tell."""
    head = tone(seconds, rate)[:44]
    samples = array.array("h", tone(seconds, rate)[44:])
    for at in range(len(samples)):
        if at // (rate // 4) % 4 == 3:
            samples[at] //= 1000
    return head + samples.tobytes()


def b64(data):
    return base64.b64encode(data).decode()


def read_wav(data):
    """Rate and 16-bit samples of a WAV file, in bytes or base64."""
    if isinstance(data, str):
        data = base64.b64decode(data, validate=True)
    with wave.open(io.BytesIO(data)) as file:
        assert file.getnchannels() == 1 and file.getsampwidth() == 2, file.getparams()
        frames = file.readframes(file.getnframes())
    return file.getframerate(), memoryview(frames).cast("h")


def main(module_tests):
    """Runs unittest with the options that arguments() left."""
    import unittest
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(test)
                           for test in module_tests))
    sys.exit(0 if result.wasSuccessful() else 1)


__all__ = [name for name in globals() if not name.startswith("_")]
