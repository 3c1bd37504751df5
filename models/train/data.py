# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 1: the teacher reads sentences; what training needs of each is stored in shards.

A shard is a folder of flat arrays over all its utterances, mapped into memory by every
later step, and an index. Frames are at 50/s, positions at 25/s (speech tokens).
`--kind teacher` (shards 000...) reads as flite's rms, which T3 learns from; `--kind speakers`
(s00...) as the library's and other synthetic speakers. natural.py adds recordings (n0...),
paired.py what they say in the library's voices (p00...).
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
import speakers

HELD_OUT = Path(__file__).parents[2] / "tests/quality/sentences.txt"
LONGEST = 180   # characters in one utterance
JOINED = 0.12   # share of utterances made of two sentences
SHARD_SECONDS = 1800
TEACHER = speakers.Speaker("rms", "rms", 98.0, 0.245)
LIVELY = (0.35, 1.9)   # spread of the teacher's F0 against its own; T3 learns emotion from it
UNKNOWN = "?"           # the phone of speech without transcript
CROWD = 170            # synthetic speakers beside the library


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


def arrays_of(wave, rate, ends, symbol_of_phone=None):
    """The arrays of one utterance, cut to whole speech tokens. wave (samples,) at `rate`."""
    wave16 = audio.resample(wave, rate, audio.TOKENIZER_HZ)
    samples = len(wave16) // audio.TOKEN_SAMPLES * audio.TOKEN_SAMPLES
    wave16 = wave16[:samples]
    wave24 = audio.resample(wave, rate, audio.SPEECH_HZ)[:samples * 3 // 2]
    wave24 = torch.nn.functional.pad(wave24, (0, samples * 3 // 2 - len(wave24)))
    f0, energy = audio.pitch(wave16)
    last = len(ends) - 1
    frames = (np.arange(samples // 320) + 0.5) * 0.02
    tokens = (np.arange(samples // 640) + 0.5) * 0.04
    at_frame = np.minimum(np.searchsorted(ends, frames), last)
    at_token = np.minimum(np.searchsorted(ends, tokens), last)
    whole = lambda x: (x.clamp(-1, 1) * 32767).short().numpy()
    made = {"wave16": whole(wave16), "wave24": whole(wave24),
            "mel": audio.speech_mel(wave24).T.half().numpy(), "f0": f0.half().numpy(),
            "energy": energy.half().numpy(), "segment": at_frame.astype(np.int16)}
    if symbol_of_phone is not None:
        made["position"] = np.array(symbol_of_phone, np.int16)[at_token]
    return made


def first_frames(arrays, frames):
    return {name: x[:int(frames * _PER_FRAME[name])] for name, x in arrays.items()}


class ShardWriter:
    def __init__(self, folder):
        self._folder, self._arrays, self._index, self.frames = folder, {}, [], 0

    def add(self, arrays, **entry):
        for name, value in arrays.items():
            self._arrays.setdefault(name, []).append(value)
        count = len(arrays["f0"])
        spread = audio.semitone_spread(torch.from_numpy(arrays["f0"]).float())
        self._index.append({**entry, "frame": self.frames, "frames": count, "spread": spread})
        self.frames += count

    def close(self):
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, values in self._arrays.items():
            np.save(self._folder / f"{name}.npy", np.concatenate(values))
        (self._folder / "index.json").write_text(json.dumps(self._index))
        return self._folder.name, len(self._index)


def make_shard(job):
    folder, texts, kind, seed = job
    if (folder / "index.json").exists():
        return folder.name, 0
    torch.set_num_threads(1)
    rng, cast, shard = random.Random(seed), speakers.Cast(), ShardWriter(folder)
    people = list(speakers.LIBRARY) * 2 + speakers.crowd(CROWD)
    for text in texts:
        if kind == "teacher":
            who, lively = TEACHER, rng.uniform(*LIVELY)
        else:
            who, lively = rng.choice(people), rng.uniform(0.8, 1.2)
        reading = cast.read(who, text, lively)
        if len(reading.wave) < who.rate:
            continue
        arrays = arrays_of(torch.from_numpy(reading.wave), who.rate, reading.ends,
                           reading.symbol_of_phone)
        shard.add(arrays, text=text, symbols=reading.symbols, phones=reading.phones,
                  speaker=who.name, lively=lively)
        if shard.frames > SHARD_SECONDS * 50:
            break
    return shard.close()


# Array elements per 20 ms frame.
_PER_FRAME = {"wave16": 320, "wave24": 480, "mel": 1, "f0": 1, "energy": 1, "segment": 1,
              "position": 0.5, "codes": 0.5}


class Utterance:
    """One utterance of a shard; arrays are read when asked for."""

    def __init__(self, arrays, entry, row, kind):
        self._arrays, self._entry, self._row = arrays, entry, row
        self.kind, self.place = kind, 0      # `place`: first frame in a Corpus
        self.frames = entry["frames"]
        self.tokens = entry["frames"] // 2
        self.symbols, self.text = entry["symbols"], entry["text"]
        self.phones, self.spread = entry["phones"], entry["spread"]
        self.who = entry.get("speaker", "rms")
        self.lively = entry.get("lively", 1.0)   # F0 spread against the reader's usual one

    def array(self, name, start=0, count=None):
        """`count` frames (50/s) from frame `start` of an array."""
        count = self.frames - start if count is None else count
        scale = _PER_FRAME[name]
        first = self._entry["frame"] + start
        return self._arrays[name][int(first * scale):int((first + count) * scale)]

    def ends(self):
        """When each phone ends, seconds, to a frame."""
        return np.searchsorted(self.array("segment"), np.arange(len(self.phones)), "right") * 0.02

    def speaker(self, name="speaker"):
        """The utterance's embedding by a speaker encoder (train_speakers.py)."""
        return self._arrays[name][self._row]

    def wave(self, name, start=0, count=None):
        return torch.from_numpy(self.array(name, start, count).astype(np.float32) / 32768)


def load_shard(index):
    """The utterances of one shard, given its index file."""
    arrays = {path.stem: np.load(path, mmap_mode="r") for path in index.parent.glob("*.npy")}
    entries = json.loads(index.read_text())
    kind = index.parent.name[0]
    kind = "t" if kind.isdigit() else kind
    return [Utterance(arrays, entry, row, kind) for row, entry in enumerate(entries)]


def shards(work, kinds="tsn", most=None):
    """Index files of the shards made so far: teacher, speakers, natural, paired; at most `most`
    a kind."""
    folder = work / "data"
    names = {"t": "[0-9]*", "s": "s*", "n": "n*", "p": "p*"}
    return [index for kind in kinds
            for index in sorted(folder.glob(f"{names[kind]}/index.json"))[:most]]


def load(work, most=None, kinds="t"):
    return [u for index in shards(work, kinds, most) for u in load_shard(index)]


class Corpus:
    """Shards end to end, for batches that are gathered where they are computed."""

    def __init__(self, work, kinds="tsn", most=None):
        self._indices, self._flat, place = shards(work, kinds, most), {}, 0
        self.by_kind = {}
        for index in self._indices:
            for u in load_shard(index):
                u.place = place
                place += u.frames
                self.by_kind.setdefault(u.kind, []).append(u)

    def take(self, name, places):
        """An array's rows (320 or 480 samples, 80 mels, one number) at frame numbers; at token
        numbers, half of those, for arrays at 25/s."""
        if name not in self._flat:
            self._flat[name] = self._joined(name)
        return self._flat[name][places]

    def waves(self, name, places):
        """(..., frames) -> (..., samples), -1 to 1"""
        return self.take(name, places).flatten(-2).float() / 32768

    def _joined(self, name):
        parts = [np.load(index.parent / f"{name}.npy") for index in self._indices]
        samples = int(max(_PER_FRAME[name], 1))
        flat = np.concatenate([p.reshape(-1, samples) if samples > 1 else p for p in parts])
        return torch.from_numpy(flat).to(torch.get_default_device())

    def add(self, name, values):
        """Another array, made in memory: one row a frame, in the order of utterances."""
        self._flat[name] = values.to(torch.get_default_device())

    def split(self):
        """Training and validation part of every kind."""
        parts = {kind: split(some) for kind, some in self.by_kind.items()}
        return tuple({kind: both[k] for kind, both in parts.items()} for k in (0, 1))

    @property
    def utterances(self):
        return [u for some in self.by_kind.values() for u in some]   # shards come kind by kind


class Crops:
    """Random stretches of speech, with given shares of the kinds."""

    def __init__(self, by_kind, shares, seed):
        self._kinds = [k for k in by_kind if by_kind[k]]
        share = np.array([shares[k] for k in self._kinds])
        self._share, self._rng, self._tables = share / share.sum(), np.random.default_rng(seed), []
        for kind in self._kinds:
            some = sorted(by_kind[kind], key=lambda u: u.frames)
            self._tables.append(np.array([(u.frames, u.place) for u in some]))

    def draw(self, count, frames):
        """Frame numbers in the corpus, (count, frames); every stretch begins with a token."""
        starts = []
        share = self._share * [table[-1, 0] >= frames for table in self._tables]
        for kind in self._rng.choice(len(self._kinds), count, p=share / share.sum()):
            table = self._tables[kind]
            first = np.searchsorted(table[:, 0], frames)
            length, place = table[self._rng.integers(first, len(table))]
            starts.append(place + 2 * self._rng.integers((length - frames) // 2 + 1))
        return on_device(np.array(starts)[:, None] + np.arange(frames))


def on_device(array):
    return torch.from_numpy(array).to(torch.get_default_device())


def alike(utterances, length):
    """Groups of utterances of one `length(u)`, at most 64 each: batches without padding."""
    groups = {}
    for u in utterances:
        groups.setdefault(length(u), []).append(u)
    for some in groups.values():
        for k in range(0, len(some), 64):
            yield some[k:k + 64]


def carried(rows, indices, size):
    """Rows for the tokens of codes.npy, (size, n), given those for an earlier tokenizer's
    (codes-old.npy): means over the old tokens that stood where a new one stands; of all of them
    for tokens that do not occur."""
    together = np.zeros((size, len(rows)), np.float32)
    for index in indices:
        old, new = (np.load(index.parent / f"{name}.npy") for name in ("codes-old", "codes"))
        np.add.at(together, (new.astype(int), old.astype(int)), 1)
    together = torch.from_numpy(together)
    count = together.sum(1, keepdim=True)
    return torch.where(count > 0, together / count.clamp(min=1) @ rows, rows.mean(0))


def split(utterances):
    """Training part and a small validation part (the first sixty; the same ones every time)."""
    return utterances[60:], utterances[:60]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True, help="sentences, one a line")
    parser.add_argument("--kind", choices=("teacher", "speakers"), default="teacher")
    parser.add_argument("--shards", type=int, default=20, help="half an hour of speech each")
    parser.add_argument("--first", type=int, default=0, help="number of the first shard")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    texts = training_texts(args.text, seed=1 if args.kind == "teacher" else 2)
    share = len(texts) // (args.first + args.shards)
    name = {"teacher": "{:03d}", "speakers": "s{:02d}"}[args.kind]
    jobs = [(args.work / "data" / name.format(k), texts[k * share:(k + 1) * share], args.kind, k)
            for k in range(args.first, args.first + args.shards)]
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for name, count in pool.imap_unordered(make_shard, jobs):
            print(f"shard {name}: {count} utterances", flush=True)


if __name__ == "__main__":
    main()
