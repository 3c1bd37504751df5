#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Loads directories that look like the published ones (sparse.py), and some that are not quite right.

    tests/parity/published_test.py LOAD_MODEL VERIFY
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import sparse  # noqa: E402

SKIP = 77
# What loading may take: what is computed with, in bfloat16, and what of the files is read for it.
# The files have 3000 MB, Turbo's 2800 and Nano's 1850; tables that nothing uses are not touched.
MOST_MB = {"english": 2450, "turbo": 1750, "nano": 1350, "multilingual-v2": 2450,
           "multilingual-v3": 2450}
# A sanitizer keeps books of memory in memory.
IS_SANITIZED = "ASAN_OPTIONS" in os.environ
POINTER = ("version https://git-lfs.github.com/spec/v1\n"
           "oid sha256:fcf1f8c1d651bb7e3acd69ee5be269b4ac10c02980b7708213d598bc9f7cdf87\n"
           "size 1915480052\n")
OLD_PICKLE = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")


def load(directory, *options):
    return subprocess.run([LOAD_MODEL, directory, *options], capture_output=True, text=True)


def verify(directory, *options):
    return subprocess.run([sys.executable, VERIFY, directory, *options], capture_output=True,
                          text=True)


class Loads(unittest.TestCase):
    def check(self, layout):
        directory = sparse.make(ROOT / layout, layout)
        got = load(directory)
        self.assertEqual(got.returncode, 0, got.stderr)
        name, peak = got.stdout.splitlines()
        family = layout.partition("-")[0]
        self.assertEqual(name, "chatterbox" if family == "english" else f"chatterbox-{family}")
        if not IS_SANITIZED:
            self.assertLess(int(peak.split()[1]), MOST_MB[layout])
        self.assertIn("every tensor is there", verify_without_voice(directory, family))


def verify_without_voice(directory, family):
    """What verify.py says of a directory that lacks the built-in voice alone."""
    voice = directory / "conds.pt"
    voice.write_bytes(b"PK\x03\x04")
    told = verify(directory, "--family", family).stdout
    voice.unlink()
    return told


for each in sparse.LAYOUTS:
    setattr(Loads, f"test_{each}", lambda self, layout=each: self.check(layout))


class Refuses(unittest.TestCase):
    """Each defect has a message that says what is wrong and what to do."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
        sparse.make(self.directory, "nano")

    def tearDown(self):
        shutil.rmtree(self.directory)

    def refused(self, *expected, options=()):
        got = load(self.directory, *options)
        self.assertEqual(got.returncode, 1, got.stdout)
        for words in expected:
            self.assertIn(words, got.stderr)

    def test_missing_file(self):
        (self.directory / "s3gen_meanflow.safetensors").unlink()
        self.refused("s3gen_meanflow.safetensors", "belongs to nano")
        self.assertIn("part of ResembleAI/chatterbox-nano", verify(self.directory).stdout)

    def test_missing_text(self):
        (self.directory / "merges.txt").unlink()
        self.refused("merges.txt")

    def test_lfs_pointer(self):
        (self.directory / "t3_nano_v1.safetensors").write_text(POINTER)
        self.refused("t3_nano_v1.safetensors", "Git LFS pointer", "git lfs pull")
        self.assertIn("Git LFS pointer", verify(self.directory).stdout)

    def test_old_pickle(self):
        (self.directory / "conds.pt").write_bytes(OLD_PICKLE)
        self.refused("conds.pt", "before version 1.6", "torch.save")
        self.assertIn("older pickle", verify(self.directory).stdout)

    def test_pickles_alone(self):
        for path in self.directory.glob("*.safetensors"):
            path.rename(path.with_suffix(".pt"))
        (self.directory / "t3_nano_v1.pt").rename(self.directory / "t3_cfg.pt")
        self.refused("t3_cfg.pt", ".safetensors")

    def test_foreign_config(self):
        (self.directory / "config.json").write_text('{"model_type": "llama", "hidden_size": 1024}\n')
        self.refused("config.json", "model_type")

    def test_wrong_pairing(self):
        # English's S3Gen beside Nano's T3, under its own name and under the other.
        (self.directory / "s3gen_meanflow.safetensors").unlink()
        sparse.write(self.directory / "s3gen.safetensors")
        self.refused("s3gen_meanflow.safetensors")
        self.assertIn("belongs to another model", verify(self.directory).stdout)
        (self.directory / "s3gen.safetensors").rename(self.directory / "s3gen_meanflow.safetensors")
        self.refused("s3gen_meanflow.safetensors", "time_embed_mixer")
        self.assertIn("time_embed_mixer.weight: missing", verify(self.directory).stdout)

    def test_other_t3(self):
        # Turbo's T3 under Nano's name.
        sparse.write(self.directory / "t3_turbo_v1.safetensors")
        (self.directory / "t3_turbo_v1.safetensors").rename(self.directory / "t3_nano_v1.safetensors")
        self.refused("t3_nano_v1.safetensors", "768", "1024")

    def test_wanted_family(self):
        self.refused("t3_turbo_v1.safetensors", "t3_nano_v1.safetensors", options=["turbo"])
        self.refused("english, turbo, nano, multilingual", options=["piano"])


def keeps_holes(directory):
    """Whether the file system has files whose zeros take no room."""
    path = directory / "hole"
    with open(path, "wb") as file:
        file.truncate(1 << 26)
    holes = path.stat().st_blocks * 512 < 1 << 20
    path.unlink()
    return holes


if __name__ == "__main__":
    LOAD_MODEL, VERIFY = map(os.path.abspath, sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="published-") as temporary:
        ROOT = pathlib.Path(temporary)
        if not keeps_holes(ROOT):
            print(f"skipped: {ROOT} is on a file system without sparse files")
            sys.exit(SKIP)
        program = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2)
    sys.exit(not program.result.wasSuccessful())
