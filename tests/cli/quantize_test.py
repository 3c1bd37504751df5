#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""chatterbox models quantize: quantize_test.py CHATTERBOX TINY_MODELS MODEL. TINY_MODELS makes models
of every family that make noise; MODEL is in rows of int8 already."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHATTERBOX = TINY_MODELS = MODEL = ""


class QuantizeTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.home = pathlib.Path(directory.name)
        self.models = self.home / "data" / "gst-chatterbox" / "models"
        self.environment = {**os.environ, "HOME": str(self.home),
                            "XDG_DATA_HOME": str(self.home / "data"),
                            "XDG_CACHE_HOME": str(self.home / "cache")}
        subprocess.run([TINY_MODELS, self.home / "tiny"], check=True)

    def run_it(self, *words, status=0):
        done = subprocess.run([CHATTERBOX, *words], env=self.environment, capture_output=True,
                              text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_makes_a_model_that_has_a_name(self):
        english = self.home / "tiny" / "english"
        done = self.run_it("models", "quantize", str(english) + "/")
        self.assertEqual(done.stdout.strip(), str(self.models / "english-int8"))
        made = self.models / "english-int8"
        self.assertEqual(sorted(path.name for path in made.iterdir()),
                         sorted(path.name for path in english.iterdir()))
        self.assertTrue((made / "s3gen.safetensors").samefile(english / "s3gen.safetensors"))
        self.assertFalse((made / "t3_cfg.safetensors").samefile(english / "t3_cfg.safetensors"))
        self.run_it("say", "--model", "english-int8", "--dtype", "int8", "--seed", "1", "-o",
                    str(self.home / "noise.wav"), "Hello.")
        self.assertGreater((self.home / "noise.wav").stat().st_size, 2000)

    def test_by_name_and_for_programs(self):
        self.models.mkdir(parents=True)
        (self.models / "mine").symlink_to(self.home / "tiny" / "nano")
        done = self.run_it("models", "quantize", "mine", "fast", "--json")
        told = json.loads(done.stdout)
        self.assertEqual((told["name"], told["path"]), ("fast", str(self.models / "fast")))
        self.assertGreater(told["matrices"], 0)
        self.assertLess(told["bytes_after"], told["bytes_before"])
        self.assertEqual(done.stderr, "")
        told = json.loads(self.run_it("models", "list", "--json").stdout)
        self.assertIn("fast", [line["name"] for line in told])
        self.run_it("models", "remove", "fast")
        self.assertFalse((self.models / "fast").exists())

    def test_says_what_to_do_and_leaves_nothing(self):
        self.assertIn("not quantised yet",
                      self.run_it("models", "quantize", MODEL, "again", status=1).stderr)
        self.assertIn("expected a model's directory",
                      self.run_it("models", "quantize", "nothing", "other", status=1).stderr)
        self.assertEqual([path.name for path in self.models.iterdir()], [])
        self.run_it("models", "quantize", str(self.home / "tiny" / "turbo"), "one")
        self.assertIn("models remove one", self.run_it(
            "models", "quantize", str(self.home / "tiny" / "nano"), "one", status=1).stderr)
        self.run_it("models", "quantize", MODEL, "../two", status=2)
        self.assertEqual([path.name for path in self.models.iterdir()], ["one"])


if __name__ == "__main__":
    CHATTERBOX, TINY_MODELS, MODEL = [sys.argv.pop(1) for _ in range(3)]
    unittest.main()
