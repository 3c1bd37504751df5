# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 1c: what people said, as the library's voices would have said it, as shards p00...

A voice reads a recording's words with the times of the recording's phones and with its melody
(timed.py). `wave16` is the recording, so tokens are those of natural speech; mel, F0 and the wave
at 24 kHz are the voice's. From them the flow learns conversion itself. Needs natural.py's shards
n0 and n1.
"""
import argparse
import multiprocessing
import random
from pathlib import Path

import numpy as np
import torch

import data
import speakers
from timed import FRAME, STATES, TimedFlite

LARGEST_STEP = 0.6    # of log F0 from its median; beyond are octave errors
QUIET = 0.03          # seconds from the beginning: surely silence
SHORTEST = 0.6        # of a phone, of what the voice itself would give it in the word's time


def times(phones, ends):
    """(begin, end) of every phone that is not silence, and which of all they are."""
    begins = np.concatenate([[0], ends[:-1]])
    spoken = np.flatnonzero(np.array(phones) != "pau")
    return begins[spoken], ends[spoken], spoken


def melody(f0, at):
    """Log F0 from its median at the times `at`, through unvoiced speech."""
    voiced = np.flatnonzero(f0 > 0)
    if len(voiced) < 10:
        return np.zeros(len(at))
    height = np.log(f0[voiced])
    height = (height - np.median(height)).clip(-LARGEST_STEP, LARGEST_STEP)
    return np.interp(at, (voiced + 0.5) * 0.02, height)


def shared(states, frames):
    """States of one phone with `frames` together, each at least one, as long as before beside
    each other."""
    ends = np.round(states.cumsum() / states.sum() * frames)
    return np.diff(ends, prepend=0).clip(1).astype(int)


def eased(begin, end, own, words):
    """(begin, end) of phones with no phone much shorter than the voice's `own` length for it;
    words keep their times."""
    begin, end = begin.copy(), end.copy()
    for word in np.unique(words):
        k = np.flatnonzero(words == word)
        length, usual = end[k] - begin[k], own[k] * (end[k[-1]] - begin[k[0]]) / own[k].sum()
        if not np.allclose(begin[k[1:]], end[k[:-1]]):
            continue   # paused in its middle
        length = np.maximum(length, SHORTEST * usual)
        ends = begin[k[0]] + length.cumsum() * (end[k[-1]] - begin[k[0]]) / length.sum()
        begin[k[1:]], end[k] = ends[:-1], ends
    return begin, end


def retimed(u, speaker, cast):
    """What recording `u` says as the speaker would in its times and melody: float at
    `speaker.rate`; None where they differ in what is said."""
    flite, faster = cast.voice(speaker.base), speaker.rate / 16000
    flite.shape(speaker.f0, 0.0, 1.0, speaker.warp)
    own = flite.parameters(u.text)
    begin, end, theirs = times(u.phones, u.ends())
    own_begin, own_end, spoken = times(own.phones, own.ends)
    if [u.phones[k] for k in theirs] != [own.phones[k] for k in spoken]:
        return None
    begin, end = eased(begin, end, own_end - own_begin, own.words[spoken])
    lengths = iter(np.round((end - begin) * faster / FRAME))
    states = [phone / FRAME if name == "pau" else shared(phone, next(lengths))
              for name, phone in zip(own.phones, own.states.reshape(-1, STATES))]
    made = flite.parameters(u.text, np.concatenate(states).round())
    own_begin, own_end, _ = times(made.phones, made.ends)
    # Phones are where they belong now but for rounding and pauses, which are the recording's.
    now = (np.arange(round(u.frames * 0.02 * faster / FRAME)) + 0.5) * FRAME / faster
    phone = np.clip(np.searchsorted(begin, now, side="right") - 1, 0, None)
    share = (now - begin[phone]) / np.maximum(end[phone] - begin[phone], 1e-3)
    speaking = (share >= 0) & (share < 1)
    there = own_begin[phone] + share * (own_end[phone] - own_begin[phone])
    source = (np.where(speaking, there, QUIET) / FRAME).astype(int).clip(0, len(made.spectrum) - 1)
    spectrum = made.spectrum[source]
    tune = speaker.f0 / faster * np.exp(melody(u.array("f0").astype(np.float32), now))
    spectrum[:, 0] = np.where(spectrum[:, 0] > 0, tune, 0.0)
    return speakers.coloured(speaker, flite.play(spectrum, made.strengths[source]))


def make_shard(job):
    folder, sources, voices, part, parts = job
    if (folder / "index.json").exists():
        return folder.name, 0
    torch.set_num_threads(1)
    rng, writer = random.Random(part), data.ShardWriter(folder)
    cast = speakers.Cast(TimedFlite)
    for source in sources:
        for u in data.load_shard(source / "index.json")[part::parts]:
            for voice in rng.sample(speakers.LIBRARY, voices):
                wave = retimed(u, voice, cast)
                if wave is None:
                    break
                wave = torch.from_numpy(wave).float()
                wave = torch.nn.functional.pad(wave, (0, voice.rate // 25))   # one token
                made = data.arrays_of(wave, voice.rate, np.array([1e9]))
                made = data.first_frames(made, u.frames)
                made.update(wave16=u.array("wave16"), segment=u.array("segment"))
                writer.add(made, text=u.text, symbols=[], phones=u.phones, speaker=voice.name)
    return writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--voices", type=int, default=4, help="that say each recording's words")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--shards", type=int, default=16)
    args = parser.parse_args()
    folder = args.work / "data"
    jobs = [(folder / f"p{k:02d}", [folder / "n0", folder / "n1"], args.voices, k, args.shards)
            for k in range(args.shards)]
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for name, count in pool.imap_unordered(make_shard, jobs):
            print(f"shard {name}: {count} utterances", flush=True)


if __name__ == "__main__":
    main()
