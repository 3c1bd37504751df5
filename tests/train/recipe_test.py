#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Helpers of the training recipe (models/train), each on inputs of which the answer is known.

Exits with 77, naming what is missing, where the packages that the recipe needs are not installed.
"""
import argparse
import importlib
import json
import sys
import tempfile
import unittest
from pathlib import Path

TRAIN = Path(__file__).resolve().parents[2] / "models/train"
sys.path[:0] = [str(TRAIN), str(TRAIN.parent)]

missing = []
for name in ("numpy", "torch", "torchaudio", "scipy", "safetensors"):
    try:
        importlib.import_module(name)
    except ImportError as error:
        missing.append("%s (%s)" % (name, error))
if missing:
    print("skipped: the training recipe needs " + ", ".join(missing))
    sys.exit(77)

import numpy as np
import torch

import audio
import data
import int8
import mean
import sampling
import speakers
import training
import weights

RULE = {"back": 1, "ahead": 3, "max_stay": 4}


class AlignmentWindow(unittest.TestCase):
    def test_it_moves_with_the_peak(self):
        window = sampling.Window(10, RULE)
        self.assertEqual(window.range(), (0, 3))
        window.move(4)
        self.assertEqual(window.range(), (3, 7))
        window.move(9)
        self.assertEqual(window.range(), (8, 9))   # no further than the text

    def test_it_pushes_on_who_stays(self):
        window = sampling.Window(10, RULE)
        window.move(4)
        for _ in range(RULE["max_stay"] - 1):
            self.assertEqual(window.range(), (3, 7))
            window.move(4)
        self.assertEqual(window.range(), (5, 7))
        window.move(5)
        self.assertEqual(window.range(), (4, 8))
        window.move(3)   # back is no progress: pushed from the furthest
        for _ in range(RULE["max_stay"] - 2):
            window.move(4)
        self.assertEqual(window.range(), (6, 8))

    def test_the_end(self):
        window = sampling.Window(4, RULE)
        ends = []
        for peak in (0, 1, 2, 3, 3, 3, 3, 3):
            window.move(peak)
            ends.append((bool(window.may_end), bool(window.must_end)))
        self.assertEqual(ends, [(False, False)] * 2 + [(True, False)] * 5 + [(True, True)])


class Choice(unittest.TestCase):
    def chosen(self, logits, seen=(0,), count=200, **options):
        torch.manual_seed(3)
        return {sampling.choose(torch.tensor(logits), list(seen), sampling.Options(**options))
                for _ in range(count)}

    def test_the_coldest_is_the_likeliest(self):
        self.assertEqual(self.chosen([0.0, 2.0, 1.9], temperature=0), {1})

    def test_min_p_leaves_out_the_unlikely(self):
        # Shares of the largest: 1, 0.5, 0.05.
        logits = [0.0, float(np.log(0.5)), float(np.log(0.05))]
        everything = {"temperature": 1.0, "min_p": 0.0}
        self.assertEqual(self.chosen(logits, count=600, **everything), {0, 1, 2})
        self.assertEqual(self.chosen(logits, count=600, temperature=1.0, min_p=0.1), {0, 1})

    def test_top_p_keeps_the_largest_shares(self):
        logits = [float(np.log(share)) for share in (0.5, 0.3, 0.15, 0.05)]
        kept = self.chosen(logits, count=600, temperature=1.0, min_p=0.0, top_p=0.75)
        self.assertEqual(kept, {0, 1})

    def test_what_was_said_is_less_likely(self):
        told = {"temperature": 0.0, "repetition_penalty": 2.0}
        self.assertEqual(self.chosen([1.0, 1.5], seen=(1,), **told), {0})
        self.assertEqual(self.chosen([-1.0, -0.9], seen=(1,), **told), {0})   # below 0 too


class Rate(unittest.TestCase):
    def trainer(self, work, **options):
        args = argparse.Namespace(work=Path(work), minutes=1, rate=0.01, decay=0.5, device="cpu")
        vars(args).update(options)
        return training.Trainer("one", torch.nn.Linear(2, 2), args)

    def test_it_rises_holds_and_falls(self):
        with tempfile.TemporaryDirectory() as work:
            trainer = self.trainer(work)
            self.assertAlmostEqual(trainer.rate(0.0), 0.01 / training.WARM_UP_STEPS)
            trainer.step = training.WARM_UP_STEPS
            for progress, share in ((0.0, 1), (0.5, 1), (0.75, 0.5), (1.0, training.LOWEST)):
                self.assertAlmostEqual(trainer.rate(progress), 0.01 * share)
            trainer.args.decay = 0
            self.assertAlmostEqual(trainer.rate(1.0), 0.01)

    def test_it_goes_on_where_it_was_saved(self):
        with tempfile.TemporaryDirectory() as work:
            first = self.trainer(work)
            first.update(first.model(torch.ones(1, 2)).sum())
            first.save()
            again = self.trainer(work)
            self.assertEqual(again.step, 1)
            self.assertTrue(torch.equal(again.model.weight, first.model.weight))
            # It warms up anew.
            self.assertAlmostEqual(again.rate(0.0), 0.01 / training.WARM_UP_STEPS)


class Mean(unittest.TestCase):
    def mean_of(self, first, second):
        with tempfile.TemporaryDirectory() as folder:
            paths = [str(Path(folder, name)) for name in ("a.pt", "b.pt", "out.pt")]
            torch.save({"model": first, "step": 5}, paths[0])
            torch.save({"model": second, "step": 9}, paths[1])
            before, sys.argv = sys.argv, ["mean.py"] + paths
            try:
                mean.main()
            finally:
                sys.argv = before
            return torch.load(paths[2], weights_only=False)

    def test_it_lies_between(self):
        made = self.mean_of({"x": torch.tensor([1.0, 2.0])}, {"x": torch.tensor([3.0, 6.0])})
        self.assertEqual(made["model"]["x"].tolist(), [2.0, 4.0])
        self.assertEqual(made["step"], 9)

    def test_of_two_models_there_is_none(self):
        with self.assertRaises(SystemExit):
            self.mean_of({"x": torch.zeros(1)}, {"y": torch.zeros(1)})


class Weights(unittest.TestCase):
    def test_matrices_become_rows_of_bytes_and_the_rest_halves(self):
        torch.manual_seed(1)
        state = {"t3.large": torch.randn(64, 64) * torch.rand(64, 1), "t3.small": torch.randn(8, 8),
                 "mel2wav.large": torch.randn(64, 64), "lstm.large": torch.randn(64, 64)}
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "x.safetensors"))
            weights.write(state, path)
            stored = weights.load_file(path)
            back = weights.read(path)
        self.assertEqual({name for name, tensor in stored.items() if tensor.dtype == torch.int8},
                         {"t3.large"})
        self.assertEqual(set(back), set(state))
        for name, tensor in state.items():
            # Halves have 11 bits; a byte's step is below 1/127 of the largest in its row.
            step = tensor.abs().amax(1, keepdim=True) / int8.LIMIT if name == "t3.large" else 0.002
            self.assertTrue(((back[name] - tensor).abs() <= 1.5 * step).all(), name)

    def test_feedback_changes_less_of_what_is_heard(self):
        torch.manual_seed(2)
        heard = torch.randn(400, 16) @ torch.randn(16, 16)
        rows = torch.randn(8, 16).double()
        moments = (heard.T @ heard).double() / len(heard)
        scale = int8.best_scale(rows)
        plain = int8.rounded(rows, scale) * scale
        codes, scale = int8.round_with_feedback(rows, moments)
        error = lambda made: ((made - rows) @ moments @ (made - rows).T).trace()
        self.assertLess(error(codes * scale), 0.8 * error(plain))


class Texts(unittest.TestCase):
    def test_sentences_of_the_scores_are_never_read(self):
        held_out = [line for line in data.HELD_OUT.read_text().split("\n") if line][:5]
        own = ["Sentence number %d." % k for k in range(400)]
        long = "x" * (data.LONGEST + 1)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "texts")
            path.write_text("\n".join(own + held_out + own[:9] + [long, ""]))
            texts = data.training_texts(path)
            self.assertEqual(texts, data.training_texts(path))
            self.assertNotEqual(texts, data.training_texts(path, seed=2))
        # Each once, some joined.
        self.assertEqual(sorted(" ".join(texts).split()), sorted(" ".join(own).split()))
        joined = len(own) - len(texts)
        self.assertGreater(joined, 0.5 * data.JOINED * len(own))
        self.assertLess(joined, 1.5 * data.JOINED * len(own))


class Shards(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.work = Path(self.folder.name)
        counter = 0
        for shard, lengths in (("000", (6, 4)), ("s00", (8,))):
            writer = data.ShardWriter(self.work / "data" / shard)
            for frames in lengths:
                numbers = np.arange(counter, counter + frames)
                counter += frames
                writer.add({"f0": numbers.astype(np.float16),
                            "wave16": np.repeat(numbers, 320).astype(np.int16),
                            "segment": np.repeat([0, 1], frames // 2).astype(np.int16)},
                           text="t", symbols=[], phones=["a", "b"], speaker="who")
            writer.close()

    def tearDown(self):
        self.folder.cleanup()

    def test_an_utterance_finds_its_own_arrays(self):
        first, second = data.load(self.work, kinds="t")
        self.assertEqual([first.kind, first.frames, first.tokens], ["t", 6, 3])
        self.assertEqual(second.array("f0").tolist(), [6, 7, 8, 9])
        self.assertEqual(second.array("f0", 1, 2).tolist(), [7, 8])
        self.assertEqual(second.array("wave16", 1, 2)[::320].tolist(), [7, 8])
        self.assertAlmostEqual(float(second.wave("wave16")[0]), 6 / 32768)
        np.testing.assert_allclose(first.ends(), [0.06, 0.12])
        self.assertEqual([u.kind for u in data.load(self.work, kinds="ts")], ["t", "t", "s"])

    def test_a_corpus_lays_shards_end_to_end(self):
        corpus = data.Corpus(self.work)
        self.assertEqual([u.place for u in corpus.utterances], [0, 6, 10])
        self.assertEqual(corpus.take("f0", torch.tensor([0, 9, 10, 17])).tolist(), [0, 9, 10, 17])
        self.assertEqual(corpus.waves("wave16", torch.tensor([[3, 4]])).shape, (1, 640))

    def test_crops_begin_with_a_token_and_end_in_their_utterance(self):
        corpus = data.Corpus(self.work)
        crops = data.Crops(corpus.by_kind, {"t": 1, "s": 1}, seed=1)
        places = crops.draw(300, 4)
        self.assertEqual(places.shape, (300, 4))
        self.assertEqual(set(places[:, 0].tolist()), {0, 2, 6, 10, 12, 14})
        # Only one is long enough, whatever its kind's share.
        self.assertEqual(set(crops.draw(20, 8)[:, 0].tolist()), {10})


class Arrays(unittest.TestCase):
    def test_phones_and_symbols_stand_where_they_are_heard(self):
        # Two phones, the first 25 ms long, and a piece of a token at the end.
        made = data.arrays_of(torch.zeros(16000 + 300), 16000, np.array([0.025, 1.0]), [7, 8])
        self.assertEqual([len(made[name]) for name in ("wave16", "wave24", "mel", "f0", "segment", "position")],
                         [16000, 24000, 50, 50, 50, 25])
        # The middle of a frame decides, and of a token.
        self.assertEqual(made["segment"].tolist(), [0] + [1] * 49)
        self.assertEqual(made["position"].tolist(), [7] + [8] * 24)


class Batches(unittest.TestCase):
    def test_groups_are_of_one_length_and_bounded(self):
        groups = list(data.alike(list(range(200)), lambda k: k % 2))
        self.assertEqual(sorted(len(group) for group in groups), [36, 36, 64, 64])
        for group in groups:
            self.assertEqual(len({k % 2 for k in group}), 1)

    def test_validation_is_never_trained_on(self):
        train, held_back = data.split(list(range(100)))
        self.assertEqual((len(train), len(held_back)), (40, 60))
        self.assertFalse(set(train) & set(held_back))

    def test_rows_of_an_earlier_tokenizer_are_carried_over(self):
        with tempfile.TemporaryDirectory() as folder:
            index = Path(folder, "index.json")
            index.write_text(json.dumps([]))
            np.save(Path(folder, "codes-old.npy"), np.array([0, 0, 1, 1], np.int16))
            np.save(Path(folder, "codes.npy"), np.array([2, 2, 2, 0], np.int16))
            rows = torch.tensor([[0.0], [3.0]])
            made = data.carried(rows, [index], 3)
        # 2 stood at 0, 0 and 1; 0 at 1; 1 nowhere.
        self.assertEqual(made.flatten().tolist(), [3.0, 1.5, 1.0])


class Sound(unittest.TestCase):
    def test_pitch_of_a_buzz(self):
        time = torch.arange(16000) / 16000
        buzz = sum(torch.sin(2 * torch.pi * 120 * k * time) / k for k in range(1, 10)) * 0.1
        f0, energy = audio.pitch(buzz)
        self.assertEqual(len(f0), 50)
        self.assertLess(float((f0[5:-5] - 120).abs().max()), 2)
        silent, quiet = audio.pitch(torch.zeros(16000))
        self.assertEqual(float(silent.abs().max()), 0)
        self.assertLess(float(quiet.max()), float(energy.min()))

    def test_liveliness(self):
        # An octave up and down: a spread of 12 semitones, pauses aside.
        f0 = torch.tensor([100.0, 0.0, 400.0] * 200)
        self.assertAlmostEqual(audio.semitone_spread(f0), 12.0, delta=0.1)
        self.assertEqual(audio.semitone_spread(torch.zeros(50)), 0.0)


class Voices(unittest.TestCase):
    def test_the_library_is_fixed_for_ever(self):
        self.assertEqual(len(speakers.LIBRARY), 37)
        self.assertEqual(len({s.voice_id for s in speakers.LIBRARY}), 37)
        listed = json.loads((TRAIN.parents[1] / "voices/index.json").read_text())["voices"]
        self.assertEqual({s.name for s in speakers.LIBRARY}, {v["speaker_name"] for v in listed})
        self.assertEqual({s.voice_id for s in speakers.LIBRARY}, {v["voice_id"] for v in listed})

    def test_a_crowd_is_the_same_every_time_and_nobody_of_the_library(self):
        crowd = speakers.crowd(30)
        self.assertEqual(crowd, speakers.crowd(30))
        self.assertEqual(crowd[:10], speakers.crowd(10))
        self.assertFalse({s.name for s in crowd} & {s.name for s in speakers.LIBRARY})

    def test_all_are_equally_loud(self):
        rng = np.random.default_rng(1)
        wave = (rng.standard_normal(16000) * 3000).astype(np.int16)
        for speaker in speakers.LIBRARY[:4]:
            made = speakers.coloured(speaker, wave)
            self.assertAlmostEqual(float(np.sqrt(np.mean(made ** 2))), 0.08, delta=0.001)


if __name__ == "__main__":
    unittest.main()
