#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""chatterbox models, against a hub on this machine: models_test.py CHATTERBOX"""
import hashlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from hub import REVISION, Hub, git_blob

CHATTERBOX = ""
LARGE = random.Random(1).randbytes(3_000_000)
SHARED = random.Random(2).randbytes(400_000)
VOCABULARY = b'{"a": 0}'
FILES = {"Owner/small": {"t3.safetensors": LARGE, "ve.safetensors": SHARED,
                         "vocab.json": VOCABULARY},
         "Owner/other": {"t3_other.safetensors": LARGE[::-1], "ve.safetensors": SHARED}}


def listing(data):
    return [len(data), hashlib.sha256(data).hexdigest()]


def manifest(**sizes):
    """Of two models; `sizes` overwrites a listed size."""
    versions = {"t3.safetensors": {"Owner/small": listing(LARGE)},
                "t3_other.safetensors": {"Owner/other": listing(LARGE[::-1])},
                # Not listed in the other repository: taken for the same.
                "ve.safetensors": {"Owner/small": listing(SHARED)}}
    for name, size in sizes.items():
        versions[name.replace("__", ".")]["Owner/small"][0] = size
    return {"revisions": {name: REVISION for name in FILES},
            "families": {
                "nano": {"about": "for tests", "repository": "Owner/small",
                         "t3": ["t3.safetensors"], "others": ["ve.safetensors", "vocab.json"]},
                "turbo": {"repository": "Owner/other", "t3": ["t3_other.safetensors"],
                          "others": ["ve.safetensors"]}},
            "files": {name: {"versions": all} for name, all in versions.items()}}


class ModelsTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.home = pathlib.Path(directory.name)
        self.data = self.home / "data"
        self.models = self.data / "gst-chatterbox" / "models"
        self.manifest = self.home / "manifest.json"
        self.manifest.write_text(json.dumps(manifest()))
        self.hub = Hub({name: dict(files) for name, files in FILES.items()})
        self.addCleanup(self.hub.close)
        self.environment = {
            **{name: value for name, value in os.environ.items()
               if not name.lower().endswith("_proxy") and not name.startswith("HF_")},
            "HOME": str(self.home), "XDG_DATA_HOME": str(self.data),
            "XDG_CACHE_HOME": str(self.home / "cache"), "HF_ENDPOINT": self.hub.endpoint}

    def command(self, action, *words):
        manifest = () if action in ("remove", "path") else ("--manifest", str(self.manifest))
        return [CHATTERBOX, "models", action, *manifest, *words]

    def run_it(self, action, *words, status=0):
        done = subprocess.run(self.command(action, *words), env=self.environment,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def spoil(self, *faults, of="t3.safetensors"):
        """What the CDN does wrong with the next answers that have this file."""
        self.hub.faults = [{"of": of, **fault} for fault in faults]

    def assert_nano_alone(self):
        """The right files, and nothing else on the disk."""
        there = {str(path.relative_to(self.data)) for path in self.data.rglob("*")
                 if not path.is_dir()}
        place = "gst-chatterbox/models/nano/"
        self.assertEqual(there, {place + name for name in FILES["Owner/small"]})
        for name, data in FILES["Owner/small"].items():
            self.assertEqual((self.models / "nano" / name).read_bytes(), data, name)
        self.assertEqual([path.name for path in self.models.iterdir()], ["nano"])

    def test_fetches_by_way_of_the_cdn(self):
        self.environment["HF_TOKEN"] = "secret"
        done = self.run_it("fetch", "nano")
        self.assertEqual(done.stdout.strip(), str(self.models / "nano"))
        self.assert_nano_alone()
        for server, path, _, authorization in self.hub.asked:
            self.assertEqual(authorization, "Bearer secret" if server == "hub" else None, path)
        asked = len(self.hub.asked)
        self.assertIn("is here already", self.run_it("fetch", "nano").stderr)
        self.assertEqual(len(self.hub.asked), asked)

    def test_goes_on_after_ten_breaks_and_a_wrong_byte(self):
        self.spoil({"wrong": 5, "stop": 200_000}, *[{"stop": 250_000}] * 9)
        self.run_it("fetch", "nano")
        self.assert_nano_alone()
        # Once with the wrong byte, once more after it.
        self.assertGreaterEqual(self.hub.sent["t3.safetensors"], 2 * len(LARGE))
        self.assertGreater(len([1 for _, _, part, _ in self.hub.asked if part]), 8)

    def test_takes_its_time_with_a_slow_server(self):
        self.spoil({"step": 30_000, "pause": 0.01})
        self.run_it("fetch", "nano")
        self.assert_nano_alone()

    def test_files_come_beside_each_other(self):
        self.spoil({"step": 100_000, "hold": 400_000})
        fetch = subprocess.Popen(self.command("fetch", "nano"), env=self.environment,
                                 stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        stage = self.models / ".nano.part"
        while not ((stage / "ve.safetensors").exists() and (stage / "vocab.json").exists()):
            self.assertIsNone(fetch.poll())
            time.sleep(0.01)
        self.assertFalse((stage / "t3.safetensors").exists())
        self.hub.released.set()
        told = fetch.communicate(timeout=120)[1]
        self.assertEqual(fetch.returncode, 0, told)
        self.assert_nano_alone()

    def test_goes_on_after_a_full_disk(self):
        """No listing tells how long one file is: the disk is full only when it comes."""
        if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
            self.skipTest("this machine lets nobody mount a small disk")
        self.hub.files["Owner/small"]["vocab.json"] = VOCABULARY * 4_000_000
        disk = self.home / "disk"
        disk.mkdir()
        script = ('mount -t tmpfs -o size=22m small "$1" && export XDG_DATA_HOME="$1" && shift && '
                  '{ "$@"; echo "status $?"; ls -A "$XDG_DATA_HOME/gst-chatterbox/models"; '
                  'mount -o remount,size=64m "$XDG_DATA_HOME"; "$@"; echo "status $?"; '
                  'ls -A "$XDG_DATA_HOME/gst-chatterbox/models"; }')
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", str(disk),
                               *self.command("fetch", "nano")], env=self.environment,
                              capture_output=True, text=True, timeout=120, check=False)
        told = done.stdout + done.stderr
        self.assertIn("No space left on device", done.stderr)
        self.assertIn("free some", done.stderr)
        self.assertEqual(done.stdout.splitlines(), [
            "status 1", ".nano.part", str(disk / "gst-chatterbox" / "models" / "nano"), "status 0",
            "nano"], told)

    def test_believes_no_length(self):
        for fault in ({"length": 1000}, {"length": len(LARGE) + 5}, {"more": b"x" * 100_000},
                      {"chunked": True, "more": b"x" * 300_000}, {"chunked": True, "stop": 10_000},
                      {"stop": 0}):
            with self.subTest(fault=fault):
                self.spoil(fault)
                self.run_it("fetch", "nano")
                self.assert_nano_alone()
                self.run_it("remove", "nano")
                self.assertEqual(list(self.models.iterdir()), [])

    def test_lies_about_parts(self):
        for fault in ({"total": 7}, {"whole": True}, {"status": 416}, {"status": 503},
                      {"status": 429, "headers": {"Retry_After": "1"}}):
            with self.subTest(fault=fault):
                self.spoil({"stop": 100_000}, fault)
                self.run_it("fetch", "nano")
                self.assert_nano_alone()
                self.run_it("remove", "nano")

    def test_gives_up_on_bytes_that_stay_wrong(self):
        self.spoil(*[{"wrong": 7}] * 3)
        done = self.run_it("fetch", "nano", status=1)
        self.assertIn("expected the digest", done.stderr)
        self.assertFalse((self.models / "nano").exists())
        self.assertEqual(len(self.hub.faults), 0)

    def test_says_what_the_hub_says(self):
        for status, words in ((404, "404"), (401, "HF_TOKEN"), (403, "HF_TOKEN")):
            with self.subTest(status=status):
                self.spoil({"status": status})
                done = self.run_it("fetch", "nano", status=1)
                self.assertIn(words, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_gives_up_on_a_server_that_only_breaks(self):
        self.spoil(*[{"stop": 0}] * 5)
        done = self.run_it("fetch", "nano", status=1)
        self.assertIn("run it again to go on", done.stderr)
        self.run_it("fetch", "nano")
        self.assert_nano_alone()

    def test_goes_on_where_a_killed_one_was(self):
        self.spoil({"step": 100_000, "hold": 400_000})
        fetch = subprocess.Popen(self.command("fetch", "nano"), env=self.environment,
                                 stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        part = self.models / ".nano.part" / "t3.safetensors.part"
        while not (part.exists() and part.stat().st_size > 200_000):
            self.assertIsNone(fetch.poll())
            time.sleep(0.01)
        fetch.send_signal(signal.SIGKILL)
        fetch.wait()
        self.hub.released.set()
        listed = json.loads(self.run_it("list", "--json").stdout)
        self.assertEqual([line["state"] for line in listed if line["name"] == "nano"], ["begun"])
        had = part.stat().st_size
        self.hub.asked.clear()
        self.run_it("fetch", "nano")
        self.assertIn(f"bytes={had}-", [part for _, _, part, _ in self.hub.asked])
        self.assert_nano_alone()

    def test_two_at_once_share_the_work(self):
        self.hub.gate.clear()
        fetches = [subprocess.Popen(self.command("fetch", "nano"), env=self.environment,
                                    stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
                   for _ in range(2)]
        while not any(server == "cdn" for server, *_ in self.hub.asked):
            time.sleep(0.01)
        self.hub.gate.set()
        told = [fetch.communicate(timeout=120)[1] for fetch in fetches]
        self.assertEqual([fetch.returncode for fetch in fetches], [0, 0], told)
        self.assert_nano_alone()
        self.assertEqual(self.hub.sent["t3.safetensors"], len(LARGE))
        self.assertEqual(sum("is here already" in text for text in told), 1)

    def test_takes_what_pythons_client_left(self):
        repository = self.home / "cache" / "huggingface" / "hub" / "models--Owner--small"
        (repository / "blobs").mkdir(parents=True)
        snapshot = repository / "snapshots" / REVISION
        snapshot.mkdir(parents=True)
        for name, data in FILES["Owner/small"].items():
            blob = git_blob(data) if len(data) < 1000 else hashlib.sha256(data).hexdigest()
            (repository / "blobs" / blob).write_bytes(data)
            (snapshot / name).symlink_to(f"../../blobs/{blob}")
        self.environment["HF_HUB_OFFLINE"] = "1"
        self.run_it("fetch", "nano")
        self.assert_nano_alone()
        self.assertEqual(self.hub.asked, [])
        self.assertTrue((self.models / "nano" / "t3.safetensors").samefile(
            snapshot / "t3.safetensors"))

    def test_takes_no_damaged_cache(self):
        snapshot = (self.home / "cache" / "huggingface" / "hub" / "models--Owner--small" /
                    "snapshots" / REVISION)
        snapshot.mkdir(parents=True)
        for name, data in FILES["Owner/small"].items():
            (snapshot / name).write_bytes(data[::-1])
        self.run_it("fetch", "nano")
        self.assert_nano_alone()

    def test_models_share_files(self):
        self.run_it("fetch", "nano", "turbo")
        self.assertEqual(self.hub.sent["ve.safetensors"], len(SHARED))
        shared = [self.models / name / "ve.safetensors" for name in ("nano", "turbo")]
        self.assertTrue(shared[0].samefile(shared[1]))
        self.run_it("remove", "nano")
        self.assertEqual(shared[1].read_bytes(), SHARED)

    def test_a_namesake_that_is_another_file(self):
        self.hub.files["Owner/other"]["ve.safetensors"] = LARGE[:500_000]
        self.spoil({"stop": 100_000}, of="ve.safetensors")
        self.run_it("fetch", "turbo")
        self.assertEqual((self.models / "turbo" / "ve.safetensors").read_bytes(), LARGE[:500_000])

    def test_needs_room(self):
        self.manifest.write_text(json.dumps(manifest(t3__safetensors=1 << 50)))
        done = self.run_it("fetch", "nano", status=1)
        self.assertIn("1126 TB free", done.stderr)
        self.assertEqual(self.hub.asked, [])

    def test_offline_in_one_line(self):
        for endpoint in ("http://127.0.0.1:9", "http://no-such-host.invalid"):
            with self.subTest(endpoint=endpoint):
                self.environment["HF_ENDPOINT"] = endpoint
                done = self.run_it("fetch", "nano", status=1)
                self.assertIn("cannot reach", done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_goes_through_a_proxy(self):
        self.environment["http_proxy"] = self.hub.endpoint
        self.environment["HF_ENDPOINT"] = "http://no-such-host.invalid"
        done = self.run_it("fetch", "nano", status=1)
        # The hub plays the proxy for its own files; the CDN it sends on to is asked through it too.
        self.assertIn(("hub", f"/Owner/small/resolve/{REVISION}/t3.safetensors", None, None),
                      self.hub.asked, done.stderr)

    def test_verify_check_path_and_remove(self):
        self.run_it("fetch", "nano")
        self.assertIn("as published", self.run_it("verify", "nano").stdout)
        damaged = self.models / "nano" / "t3.safetensors"
        damaged.write_bytes(LARGE[::-1])
        done = self.run_it("verify", "nano", status=1)
        self.assertIn("t3.safetensors: expected the digest", done.stdout)
        self.assertIn("is here already", self.run_it("fetch", "nano").stderr)
        self.hub.sent.clear()
        self.run_it("fetch", "--check", "nano")
        self.assert_nano_alone()
        self.assertEqual(self.hub.sent["ve.safetensors"], 0)
        self.assertEqual(self.run_it("path", "nano").stdout.strip(), str(self.models / "nano"))
        self.run_it("remove", "nano")
        self.assertEqual(list(self.models.iterdir()), [])
        self.assertIn("no model 'nano'", self.run_it("remove", "nano", status=1).stderr)

    def test_fetches_a_missing_file(self):
        self.run_it("fetch", "nano")
        (self.models / "nano" / "ve.safetensors").unlink()
        listed = json.loads(self.run_it("list", "--json").stdout)
        self.assertEqual([line["state"] for line in listed if line["name"] == "nano"], ["damaged"])
        self.hub.sent.clear()
        self.run_it("fetch", "nano")
        self.assert_nano_alone()
        self.assertEqual(self.hub.sent["t3.safetensors"], 0)

    def test_refuses_names(self):
        self.assertIn("nano, turbo", self.run_it("fetch", "huge", status=1).stderr)
        self.run_it("remove", "../voices", status=2)
        self.run_it("fetch", status=2)
        self.run_it("fetch", "--no-such-option", "nano", status=2)
        document = manifest()
        document["families"]["nano"]["others"] = ["../../evil"]
        self.manifest.write_text(json.dumps(document))
        self.assertIn("plain file name", self.run_it("fetch", "nano", status=1).stderr)


if __name__ == "__main__":
    CHATTERBOX = sys.argv.pop(1)
    unittest.main()
