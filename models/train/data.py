# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 1: the teacher reads sentences; what training needs of each is stored in shards.

A shard is a folder of flat arrays over all its utterances, mapped into memory by every
later step, and an index. Frames are at 50/s, positions at 25/s (speech tokens).
Sentences in tests/quality/sentences.txt are never read.
"""
import argparse
import json
import multiprocessing
import random
from pathlib import Path

import numpy as np
import torch

import audio
from frontend import Flite

HELD_OUT = Path(__file__).parents[2] / "tests/quality/sentences.txt"
LONGEST = 180   # characters in one utterance
JOINED = 0.12   # share of utterances made of two sentences
SHARD_SECONDS = 1800


def training_texts(path, seed=1):
    held_out = set(HELD_OUT.read_text().split("\n"))
    sentences = [s.strip() for s in path.read_text().split("\n")]
    sentences = sorted({s for s in sentences if s and len(s) <= LONGEST} - held_out)
    rng = random.Random(seed)
    rng.shuffle(sentences)
    texts = []
    while sentences:
        text = sentences.pop()
        if sentences and rng.random() < JOINED and len(text) + len(sentences[-1]) < LONGEST:
            text += " " + sentences.pop()
        texts.append(text)
    return texts


def utterance(reading):
    """The arrays of one utterance, cut to whole speech tokens."""
    samples = len(reading.wave) // audio.TOKEN_SAMPLES * audio.TOKEN_SAMPLES
    wave = torch.from_numpy(reading.wave[:samples].astype(np.float32) / 32768)
    wave24 = audio.resample(wave, audio.TEACHER_HZ, audio.SPEECH_HZ)
    f0, energy = audio.pitch(wave)
    last = len(reading.ends) - 1
    frames = (np.arange(samples // 320) + 0.5) * 0.02
    tokens = (np.arange(samples // 640) + 0.5) * 0.04
    at_frame = np.minimum(np.searchsorted(reading.ends, frames), last)
    at_token = np.minimum(np.searchsorted(reading.ends, tokens), last)
    return {
        "wave16": reading.wave[:samples],
        "wave24": (wave24.clamp(-1, 1) * 32767).short().numpy(),
        "mel": audio.speech_mel(wave24).T.half().numpy(),
        "f0": f0.half().numpy(),
        "energy": energy.half().numpy(),
        "segment": at_frame.astype(np.int16),
        "position": np.array(reading.symbol_of_phone, np.int16)[at_token],
    }


def make_shard(job):
    folder, texts = job
    if (folder / "index.json").exists():
        return folder.name, 0
    torch.set_num_threads(1)
    teacher = Flite("rms")
    arrays, index, frames = {}, [], 0
    for text in texts:
        reading = teacher.read(text)
        parts = utterance(reading)
        for name, value in parts.items():
            arrays.setdefault(name, []).append(value)
        index.append({"text": text, "symbols": reading.symbols, "phones": reading.phones,
                      "frame": frames, "frames": len(parts["f0"]),
                      "spread": audio.semitone_spread(torch.from_numpy(parts["f0"]).float())})
        frames += len(parts["f0"])
        if frames > SHARD_SECONDS * 50:
            break
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", np.concatenate(values))
    (folder / "index.json").write_text(json.dumps(index))
    return folder.name, len(index)


# Array elements per 20 ms frame.
_PER_FRAME = {"wave16": 320, "wave24": 480, "mel": 1, "f0": 1, "energy": 1, "segment": 1,
              "position": 0.5, "codes": 0.5}


class Utterance:
    """One utterance of a shard; arrays are read when asked for."""

    def __init__(self, arrays, entry, row):
        self._arrays, self._entry, self._row = arrays, entry, row
        self.frames = entry["frames"]
        self.tokens = entry["frames"] // 2
        self.symbols, self.text = entry["symbols"], entry["text"]
        self.phones, self.spread = entry["phones"], entry["spread"]

    def array(self, name, start=0, count=None):
        """`count` frames (50/s) from frame `start` of an array."""
        count = self.frames - start if count is None else count
        scale = _PER_FRAME[name]
        first = self._entry["frame"] + start
        return self._arrays[name][int(first * scale):int((first + count) * scale)]

    def speaker(self, name="speaker"):
        """The utterance's embedding by a speaker encoder (train_speakers.py)."""
        return self._arrays[name][self._row]

    def wave(self, name, start=0, count=None):
        return torch.from_numpy(self.array(name, start, count).astype(np.float32) / 32768)


def load_shard(index):
    """The utterances of one shard, given its index file."""
    arrays = {path.stem: np.load(path, mmap_mode="r") for path in index.parent.glob("*.npy")}
    entries = json.loads(index.read_text())
    return [Utterance(arrays, entry, row) for row, entry in enumerate(entries)]


def load(work, most=None):
    """All utterances of the shards made so far (at most `most` shards)."""
    indices = sorted((work / "data").glob("*/index.json"))[:most]
    return [u for index in indices for u in load_shard(index)]


def split(utterances):
    """Training part and a small validation part (the first sixty; the same ones every time)."""
    return utterances[60:], utterances[:60]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True, help="sentences, one a line")
    parser.add_argument("--shards", type=int, default=20, help="half an hour of speech each")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    texts = training_texts(args.text)
    share = len(texts) // args.shards
    jobs = [(args.work / f"data/{k:03d}", texts[k * share:(k + 1) * share])
            for k in range(args.shards)]
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for name, count in pool.imap_unordered(make_shard, jobs):
            print(f"shard {name}: {count} utterances", flush=True)


if __name__ == "__main__":
    main()
