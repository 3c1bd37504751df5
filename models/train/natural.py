# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 1b: recordings of people as shards n0..., with phone times by PocketSphinx.

Kathleen's transcripts are aligned, with flite's phones, so that all shards speak of the same
ones. LibriSpeech's readers have no transcripts here: what PocketSphinx hears is aligned in their
place (kept in heard.json, since it takes twice the time of the recordings). Recordings played
slower and faster are further people. Held back for scores: `unseen`.
"""
import argparse
import json
import multiprocessing
from pathlib import Path

import numpy as np
import soundfile
import torch

import audio
import data
from frontend import Flite

READER_EVERY = 12     # each such reader of LibriSpeech is never trained on
UNSEEN_PROMPT = "arctic_b05"   # nor are these of Kathleen
ARPABET = {"ax": "AH", "pau": "SIL"}
NATURAL_RMS = 0.08
SPEEDS = {"n0": (22, 26), "n1": (20, 22, 26, 28)}   # kHz, of which 24 are made: of a shard
PARTS = 3   # shards that a shard becomes at another speed


def decode(path, rate=audio.SPEECH_HZ):
    samples, own = soundfile.read(path, dtype="float32")
    wave = audio.resample(torch.from_numpy(samples), own, rate)
    return wave * (NATURAL_RMS / (wave.square().mean().sqrt() + 1e-6))


def readers(speech, unseen=False):
    """LibriSpeech files, one a reader: those trained on, or those held back."""
    paths = sorted((speech / "librispeech").glob("*.opus"))
    return [p for k, p in enumerate(paths) if (k % READER_EVERY == 0) == unseen]


def kathleen(speech, unseen=False):
    """(file, transcript) of Kathleen's recordings trained on, or held back."""
    lines = (speech / "kathleen/transcripts.tsv").read_text().splitlines()
    pairs = [line.split("\t")[:2] for line in lines if "\t" in line]
    pairs = [(speech / f"kathleen/{name}.opus", text) for name, text in pairs
             if name.startswith(UNSEEN_PROMPT) == unseen]
    return [(path, text) for path, text in pairs if path.exists()]


class Aligner:
    """Which phone is spoken when."""

    def __init__(self):
        from pocketsphinx import Decoder   # a developer's package; training alone needs it
        self._front_end = Flite()
        self._aligner = Decoder(loglevel="FATAL", lm=None)
        self._recogniser, self._known = None, set()

    @staticmethod
    def _run(decoder, samples):
        decoder.start_utt()
        decoder.process_raw(samples.tobytes(), full_utt=True)
        decoder.end_utt()

    def _words(self, text):
        """One made-up word for every word of flite's, with its phones."""
        reading = self._front_end.read(text)
        words = [[]]
        for phone, owner in zip(reading.phones, reading.symbol_of_phone):
            if owner and reading.symbols[owner - 1] in "|,.?!;:":
                words.append([])
            if phone != "pau":
                words[-1].append(phone)
        words = [w for w in words if w]
        names = []
        for word in words:
            name = "@" + "_".join(word)   # no word of the recogniser's own
            names.append(name)
            if name not in self._known:
                self._known.add(name)
                phones = " ".join(ARPABET.get(p, p.upper()) for p in word)
                self._aligner.add_word(name, phones, True)
        return names, [p for w in words for p in w]

    def hear(self, samples):
        """What is said, as far as the recogniser can tell."""
        if self._recogniser is None:
            from pocketsphinx import Decoder
            self._recogniser = Decoder(loglevel="FATAL")
        self._run(self._recogniser, samples)
        found = self._recogniser.hyp()
        return found.hypstr if found else ""

    def align(self, samples, text):
        """Phones and their end times; None where the text does not fit."""
        try:
            return self._aligned(samples, text)
        except RuntimeError:   # how the recogniser says that no path was left
            return None

    def _aligned(self, samples, text):
        names, phones = self._words(text)
        self._aligner.set_align_text(" ".join(names))
        self._run(self._aligner, samples)
        if self._aligner.hyp() is None:
            return None
        self._aligner.set_alignment()
        self._run(self._aligner, samples)
        waiting, found, ends = list(phones), [], []
        for word in self._aligner.get_alignment():
            for phone in word:
                silent = phone.name == "SIL" or phone.name.startswith("+")
                if not silent and not waiting:
                    return None
                found.append("pau" if silent else waiting.pop(0))
                ends.append((phone.start + phone.duration) / 100)
        return None if waiting else (found, np.array(ends))


def shard(folder, jobs, aligner, heard):
    """`heard`: names of recordings to what was heard; new ones are added."""
    writer = data.ShardWriter(folder)
    for path, who, text in jobs:
        wave = decode(path)
        samples = audio.resample(wave, audio.SPEECH_HZ, audio.TOKENIZER_HZ).clamp(-1, 1)
        samples = (samples * 32767).short().numpy()
        if text is None and path.stem not in heard:
            heard[path.stem] = aligner.hear(samples)
        said = heard[path.stem] if text is None else text
        phones, ends = aligner.align(samples, said) or ([data.UNKNOWN], np.array([1e9]))
        writer.add(data.arrays_of(wave, audio.SPEECH_HZ, ends), text=said, symbols=[],
                   phones=phones, speaker=who)
    print("shard {}: {} recordings".format(*writer.close()), flush=True)


def at_speed(job):
    """A part of a shard's recordings as if they had been spoken slower or faster."""
    source, folder, khz, part = job
    if (folder / "index.json").exists():
        return folder.name
    torch.set_num_threads(1)
    writer = data.ShardWriter(folder)
    for u in data.load_shard(source / "index.json")[part::PARTS]:
        wave = audio.resample(u.wave("wave24"), audio.SPEECH_HZ, khz * 1000)
        ends = u.ends() * (khz * 1000 / audio.SPEECH_HZ)
        writer.add(data.arrays_of(wave, audio.SPEECH_HZ, ends), text=u.text, symbols=[],
                   phones=u.phones, speaker=f"{u.who}/{khz}")
    return writer.close()[0]


def other_speeds(work, jobs):
    """Shards n2... of n0 and n1 at other speeds."""
    wanted = [(name, khz, part) for name, speeds in SPEEDS.items() for khz in speeds
              for part in range(PARTS)]
    folder = work / "data"
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        made = pool.imap_unordered(at_speed, [
            (folder / name, folder / f"n{k}", khz, part)
            for k, (name, khz, part) in enumerate(wanted, start=2)])
        print("shards at other speeds:", *sorted(made), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--speech", type=Path, required=True,
                        help="folder of librispeech/ and kathleen/")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(1)
    aligner, cache = Aligner(), args.work / "heard.json"
    heard = json.loads(cache.read_text()) if cache.exists() else {}
    for name, jobs in (("n0", [(p, "kathleen", t) for p, t in kathleen(args.speech)]),
                       ("n1", [(p, p.stem.split("-")[0], None) for p in readers(args.speech)])):
        folder = args.work / "data" / name
        if not (folder / "index.json").exists():
            shard(folder, jobs, aligner, heard)
            cache.write_text(json.dumps(heard))
    other_speeds(args.work, args.jobs)


if __name__ == "__main__":
    main()
