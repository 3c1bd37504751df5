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

import audio
import data
import speakers

FRAME = 0.005         # seconds, WORLD's
LARGEST_STEP = 0.6    # of log F0 from its median; beyond are octave errors
LOWEST_F0 = 50.0      # Hz
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


def analysed(wave, rate):
    """WORLD's spectrum and share of noise, every FRAME. All is analysed as if it were voiced, as
    the share of noise tells what is not: a decision for every frame makes more words be heard
    wrong. Nor may D4C decide (`threshold`), since it looks up to 7.9 kHz for voices that reach
    6.7."""
    f0, _ = audio.pitch(audio.resample(torch.from_numpy(wave), rate, audio.TOKENIZER_HZ))
    wave, f0 = wave.astype(np.float64), f0.double().numpy()
    at = np.arange(int(len(wave) / rate / FRAME) + 1) * FRAME
    voiced = np.flatnonzero(f0 > 0)
    if not len(voiced):
        raise ValueError("expected a reading with voiced speech, got none")
    coarse = np.interp(at, (voiced + 0.5) * 0.02, f0[voiced])
    fine = pyworld.stonemask(wave, coarse, at, rate)
    near = (fine > 0) & (np.abs(fine / coarse - 1) < 0.2)
    f0 = np.where(near, fine, coarse)
    size = pyworld.get_cheaptrick_fft_size(rate, LOWEST_F0)
    return (pyworld.cheaptrick(wave, f0, at, rate, f0_floor=LOWEST_F0, fft_size=size),
            pyworld.d4c(wave, f0, at, rate, threshold=0.0, fft_size=size))


def retimed(u, voice, reading):
    """The reading's wave with the times and melody of recording `u`; None where they differ
    in what is said."""
    begin, end, said = times(u.phones, u.ends())
    own_begin, own_end, own_said = times(reading.phones, reading.ends)
    if said != own_said:
        return None
    spectrum, noise = analysed(reading.wave, voice.rate)
    frames = round(u.frames * 0.02 / FRAME)
    now = (np.arange(frames) + 0.5) * FRAME
    phone = np.clip(np.searchsorted(begin, now, side="right") - 1, 0, None)
    share = (now - begin[phone]) / np.maximum(end[phone] - begin[phone], 1e-3)
    spoken = (share >= 0) & (share < 1)
    there = own_begin[phone] + share * (own_end[phone] - own_begin[phone])
    source = np.where(spoken, there, QUIET) / FRAME
    source = source.astype(int).clip(0, len(noise) - 1)
    tune = voice.f0 * np.exp(melody(u.array("f0").astype(np.float32), frames))
    return pyworld.synthesize(tune, spectrum[source].copy(), noise[source].copy(), voice.rate,
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
