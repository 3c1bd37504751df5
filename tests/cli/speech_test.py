#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""chatterbox say, captions, convert, clone, voices and watermark, with the model in the tree:
speech_test.py CHATTERBOX TREE"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import wave

CHATTERBOX = TREE = pathlib.Path()


class SpeechTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.work = pathlib.Path(directory.name)
        self.environment = {**os.environ, "HOME": str(self.work / "home"),
                            "XDG_DATA_HOME": str(self.work / "data"),
                            "XDG_CACHE_HOME": str(self.work / "cache")}

    def run_it(self, *words, status=0, text=None):
        done = subprocess.run([CHATTERBOX, *map(str, words)], env=self.environment, cwd=self.work,
                              capture_output=True, text=True, timeout=300, input=text or "")
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done

    def seconds(self, name):
        with wave.open(str(self.work / name)) as file:
            return file.getnframes() / file.getframerate()

    def assert_no_parts(self):
        self.assertEqual([path for path in self.work.rglob("*.part")], [])

    def test_forms_by_their_ending(self):
        starts = {"a.wav": b"RIFF", "a.flac": b"fLaC", "a.opus": b"OggS", "a.ogg": b"OggS",
                  "a.mp3": b"ID3", "a.mka": b"\x1aE\xdf\xa3"}
        for name, start in starts.items():
            self.run_it("say", "--seed", 1, "-o", name, "Hello.")
            data = (self.work / name).read_bytes()
            self.assertTrue(data.startswith(start), (name, data[:8]))
            self.assertGreater(len(data), 1500, name)
        self.assert_no_parts()
        self.assertIn("ends in one of", self.run_it("say", "-o", "a.doc", "Hi.", status=1).stderr)
        self.assertIn("directory", self.run_it("say", "-o", "no/a.wav", "Hi.", status=1).stderr)

    def test_text_from_everywhere(self):
        self.run_it("say", "-o", "words.wav", "Hello", "from", "words.")
        self.run_it("say", "-o", "input.wav", text="Hello from the input.")
        (self.work / "file.txt").write_text("Hello from a file.")
        self.run_it("say", "-o", "file.wav", "-f", "file.txt")
        for name in ("words", "input", "file"):
            self.assertGreater(self.seconds(name + ".wav"), 0.5, name)
        done = self.run_it("say", "--json", "-o", "ssml.wav",
                           '<speak>One.<break time="1500ms"/>Two.</speak>')
        result = json.loads(done.stdout)
        self.assertGreater(self.seconds("ssml.wav"), 2)
        self.assertNotIn("speak", json.dumps(result["utterances"]))
        self.assertIn("both", self.run_it("say", "-f", "file.txt", "x", status=2).stderr)
        self.run_it("say", "-f", "none.txt", "-o", "x.wav", status=1)
        self.assertFalse((self.work / "x.wav").exists())

    def test_subtitles_keep_their_times(self):
        (self.work / "a.srt").write_text(
            "1\n00:00:02,000 --> 00:00:04,000\nFirst.\n\n2\n00:00:06,000 --> 00:00:08,000\nSecond.\n")
        done = self.run_it("say", "--json", "-f", "a.srt", "-o", "a.wav")
        starts = [utterance["start"] for utterance in json.loads(done.stdout)["utterances"]]
        self.assertEqual(starts, [2, 6])
        self.assertGreater(self.seconds("a.wav"), 6.2)

    def test_same_seed_same_audio(self):
        for name in ("a.wav", "b.wav"):
            self.run_it("say", "--seed", 7, "--voice", "Amy", "-o", name, "Good morning.")
        self.assertEqual((self.work / "a.wav").read_bytes(), (self.work / "b.wav").read_bytes())

    def test_speaks_to_elements(self):
        self.run_it("say", "--sink", "wavenc ! filesink location=sink.wav", "Hello.")
        self.assertGreater((self.work / "sink.wav").stat().st_size, 20000)

    def test_errors_say_what_to_do(self):
        for words, told in ((("say", "--voice", "Amie", "-o", "x.wav", "Hi."), "Amy"),
                            (("say", "--model", "nano", "-o", "x.wav", "Hi."), "models fetch nano"),
                            (("convert", "none.wav", "-o", "x.wav"), "none.wav"),
                            (("clone", "none.wav", "Me"), "none.wav")):
            done = self.run_it(*words, status=1)
            self.assertIn(told, done.stderr, words)
            self.assertFalse((self.work / "x.wav").exists())
        self.assert_no_parts()
        self.run_it("say", status=1)  # no text on standard input either

    def test_each_error_says_what_next(self):
        (self.work / "plain.txt").write_text("No recording, but words. " * 100)
        (self.work / "short.wav").write_text("Words.")
        (self.work / "blank.txt").write_text(" \n\t ")
        (self.work / "empty.srt").touch()
        for status, told, *words in (
                (1, "chatterbox voices list", "say", "--voice", "Nobody", "-o", "a.wav", "Hi."),
                (1, "chatterbox models list", "say", "--model", "nothing", "-o", "a.wav", "Hi."),
                (1, "chatterbox voices list", "voices", "show", "Nobody"),
                (1, "chatterbox voices list --own", "voices", "remove", "Amy"),
                (1, "--overwrite", "voices", "add", "Amy", TREE / "voices" / "amy.opus"),
                (1, "give it a recording", "clone", "plain.txt", "Ann"),
                (1, "short.wav: ", "clone", "short.wav", "Ann"),
                (1, "give it a recording", "voices", "import", "short.wav"),
                (1, "no such file", "voices", "import", "none.safetensors"),
                (1, "--file, or on standard input", "say", " "),
                (1, "blank.txt: expected a text", "say", "-o", "a.wav", "-f", "blank.txt"),
                (1, "empty.srt: expected a text", "captions", "-o", "a.wav", "-f", "empty.srt"),
                (2, "convert --help", "convert", "plain.txt", "a.wav"),
                (1, "chatterbox models list", "models", "remove", "nothing"),
                (2, "a number from 0.5 to 2", "say", "--rate", "9", "-o", "a.wav", "Hi."),
                (2, "a number from 0 to 5", "say", "--temperature", "hot", "-o", "a.wav", "Hi."),
                (2, "NAME=VOICE", "say", "--speakers", "anna", "-o", "a.wav", "Hi.")):
            done = self.run_it(*words, status=status)
            self.assertIn(told, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertFalse((self.work / "a.wav").exists())

    def test_no_device_is_an_error(self):
        self.environment |= {"PULSE_SERVER": "unix:/nonexistent", "PIPEWIRE_REMOTE": "nonexistent",
                             "ALSA_CONFIG_PATH": "/dev/null", "JACK_NO_START_SERVER": "1"}
        for words in (("say", "Hi."), ("voices", "play", "Amy")):
            done = self.run_it(*words, status=1)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn("audio device", done.stderr)
            self.assertIn("--output", done.stderr)

    def test_captions(self):
        done = self.run_it("captions", "--json", "--seed", 1, "-o", "a.wav",
                           "The boats came back. Nobody asked why.")
        result = json.loads(done.stdout)
        self.assertEqual(result["captions"], "a.vtt")
        text = (self.work / "a.vtt").read_text()
        self.assertTrue(text.startswith("WEBVTT\n\n00:00:0"))
        words = re.sub(r"<[^>]*>|WEBVTT|[\d:.]+ --> [\d:.]+", " ", text).split()
        self.assertEqual(" ".join(words), "The boats came back. Nobody asked why.")
        times = [float(match) for match in re.findall(r"00:00:(\d\d\.\d\d\d)", text)]
        self.assertLessEqual(max(times), self.seconds("a.wav") + 0.05)
        self.run_it("captions", "-o", "b.wav", "-c", "b.srt", "--each-word", "One two three.")
        self.assertEqual(len(re.findall(" --> ", (self.work / "b.srt").read_text())), 3)
        self.run_it("captions", "Hi.", status=2)
        self.run_it("captions", "-o", "c.wav", "-c", "c.txt", "Hi.", status=2)

    def test_convert_keeps_the_length(self):
        self.run_it("say", "--seed", 1, "-o", "a.wav", "A short recording to convert.")
        self.run_it("convert", "a.wav", "--voice", "Benjamin", "--seed", 1, "-o", "b.wav")
        self.assertAlmostEqual(self.seconds("b.wav"), self.seconds("a.wav"), delta=0.001)
        self.run_it("convert", status=2)
        self.run_it("convert", "--live", "a.wav", status=2)
        self.run_it("convert", "--live", "--source", "audiotestsrc num-buffers=50", "-o", "live.wav")
        self.assertGreater(self.seconds("live.wav"), 0.5)

    def test_voices_go_round(self):
        carol = TREE / "voices" / "carol.opus"
        done = self.run_it("clone", "--json", carol, "Ann", "-d", "a test")
        self.assertGreater(json.loads(done.stdout)["voiced_seconds"], 5)
        shown = json.loads(self.run_it("voices", "show", "--json", "Ann").stdout)[0]
        self.assertEqual((shown["own"], shown["description"]), (True, "a test"))
        self.assertIn("of that name", self.run_it("clone", carol, "Ann", status=1).stderr)
        self.run_it("voices", "rename", "Ann", "Xenia")
        renamed = json.loads(self.run_it("voices", "show", "--json", "Xenia").stdout)[0]
        self.assertEqual(renamed["id"], shown["id"])
        self.run_it("voices", "show", "Ann", status=1)
        self.run_it("voices", "export", "Xenia", "anna.flac")
        self.run_it("voices", "remove", "Xenia")
        self.run_it("voices", "import", "anna.flac")
        again = json.loads(self.run_it("voices", "show", "--json", "Xenia").stdout)[0]
        self.assertEqual(again["description"], "a test")
        self.assertAlmostEqual(again["seconds"], renamed["seconds"], delta=0.01)
        self.run_it("voices", "import", "anna.flac", status=1)
        self.run_it("voices", "import", "--name", "Berta", "anna.flac")
        own = self.run_it("voices", "list", "--own", "--names").stdout.split()
        self.assertEqual(own, ["Berta", "Xenia"])
        self.run_it("voices", "play", "Berta", "-o", "berta.wav")
        self.assertGreater(self.seconds("berta.wav"), 5)
        self.run_it("voices", "play", "Amy", "--say", "Good morning.", "-o", "amy.wav")
        self.assertGreater(self.seconds("amy.wav"), 0.5)
        self.run_it("voices", "remove", "Amy", status=1)
        self.run_it("voices", "rename", "Amy", "Amelia", status=1)

    def test_voices_added_as_they_are(self):
        self.run_it("voices", "add", "Eve", TREE / "voices" / "amy.opus", "--gender", "female",
                    "--provenance", "a test")
        self.run_it("voices", "export", "Eve", "eve.flac")
        self.run_it("voices", "import", "--overwrite", "eve.flac")
        shown = json.loads(self.run_it("voices", "show", "--json", "Eve").stdout)[0]
        self.assertEqual((shown["gender"], shown["provenance"]), ("female", "a test"))

    def test_watermark(self):
        text = "The boats came back before dawn, and nobody asked why they had gone."
        self.run_it("say", "--seed", 4, "-o", "marked.wav", text)
        self.run_it("say", "--seed", 4, "--no-watermark", "-o", "plain.wav", text)
        self.assertIn("marked", self.run_it("watermark", "detect", "marked.wav").stdout)
        self.run_it("watermark", "detect", "marked.wav", "plain.wav", status=1)
        self.run_it("watermark", "apply", "plain.wav", "applied.flac")
        found = json.loads(self.run_it("watermark", "detect", "--json", "applied.flac").stdout)
        self.assertTrue(found[0]["marked"])
        self.run_it("watermark", "detect", "none.wav", status=1)

    def test_bench(self):
        result = json.loads(self.run_it("bench", "--json", os.environ["CHATTERBOX_MODEL_PATH"]).stdout)
        self.assertGreater(result[0]["real_time_factor"], 0)
        self.run_it("bench", "no-such-model", status=1)


if __name__ == "__main__":
    CHATTERBOX, TREE = [pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2)]
    unittest.main()
