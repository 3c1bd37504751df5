# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 1c: what people said, as the library's voices would have said it, as shards p00...

A voice reads a recording's words; WORLD (M. Morise et al., 2016) gives its phones the times of
the recording and its F0 the recording's melody. `wave16` is the recording, so tokens are those
of natural speech; mel, F0 and the wave at 24 kHz are the voice's. From them the flow learns
conversion itself. Needs natural.py's shards n0 and n1, and pyworld.
"""
import argparse
import multiprocessing
import random
from pathlib import Path

import numpy as np
import pyworld
import torch

import data
import speakers

FRAME = 0.005         # seconds, WORLD's
LARGEST_STEP = 0.6    # of log F0 from its median; beyond are octave errors
QUIET = 0.03          # seconds from the beginning: surely silence


def times(phones, ends):
    """(begin, end) of every phone that is not silence, and their names."""
    begins = np.concatenate([[0], ends[:-1]])
    spoken = [k for k, name in enumerate(phones) if name != "pau"]
    return begins[spoken], ends[spoken], [phones[k] for k in spoken]


def melody(f0, frames):
    """Log F0 from its median, (frames,) of WORLD, through unvoiced speech."""
    voiced = np.flatnonzero(f0 > 0)
    if len(voiced) < 10:
        return np.zeros(frames)
    height = np.log(f0[voiced])
    height = (height - np.median(height)).clip(-LARGEST_STEP, LARGEST_STEP)
    at = (np.arange(frames) + 0.5) * FRAME
    return np.interp(at, (voiced + 0.5) * 0.02, height)


def retimed(u, voice, reading):
    """The reading's wave with the times and melody of recording `u`; None where they differ
    in what is said."""
    begin, end, said = times(u.phones, u.ends())
    own_begin, own_end, own_said = times(reading.phones, reading.ends)
    if said != own_said:
        return None
    wave = reading.wave.astype(np.float64)
    f0, at = pyworld.dio(wave, voice.rate, frame_period=1000 * FRAME)
    f0 = pyworld.stonemask(wave, f0, at, voice.rate)
    spectrum = pyworld.cheaptrick(wave, f0, at, voice.rate)
    # Its own judgement of what is voiced needs 7.9 kHz, which many of the voices do not reach.
    noise = pyworld.d4c(wave, f0, at, voice.rate, threshold=0.0)
    frames = round(u.frames * 0.02 / FRAME)
    now = (np.arange(frames) + 0.5) * FRAME
    phone = np.clip(np.searchsorted(begin, now, side="right") - 1, 0, None)
    share = (now - begin[phone]) / np.maximum(end[phone] - begin[phone], 1e-3)
    spoken = (share >= 0) & (share < 1)
    there = own_begin[phone] + share * (own_end[phone] - own_begin[phone])
    source = np.where(spoken, there, QUIET) / FRAME
    source = source.astype(int).clip(0, len(f0) - 1)
    tune = voice.f0 * np.exp(melody(u.array("f0").astype(np.float32), frames))
    new_f0 = np.where(f0[source] > 0, tune, 0.0)
    return pyworld.synthesize(new_f0, spectrum[source].copy(), noise[source].copy(), voice.rate,
                              1000 * FRAME)


def make_shard(job):
    folder, sources, voices, part, parts = job
    if (folder / "index.json").exists():
        return folder.name, 0
    torch.set_num_threads(1)
    rng, cast, writer = random.Random(part), speakers.Cast(), data.ShardWriter(folder)
    for source in sources:
        for u in data.load_shard(source / "index.json")[part::parts]:
            for voice in rng.sample(speakers.LIBRARY, voices):
                reading = cast.read(voice, u.text)
                wave = retimed(u, voice, reading)
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
