#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Sentences that end badly: too long or too short, noise after the last word, a cut word.

    endings.py DIR [DIR ...]      each holds 000.wav ... of sentences.txt, as score.py wants them

Expected is the length that fits the number of letters and commas best over all files; more than
40 % away from it counts. So does a sentence whose last 40 ms are louder than a twentieth of the
whole (speech cut off, or noise), or whose last word is followed by more than a second.
"""
import argparse
from pathlib import Path

import numpy as np

import listening
import score

AWAY, LAST_SECONDS, LOUD, TRAIL_SECONDS = 0.4, 0.04, 0.05, 1.0


def features(text):
    return [1.0, sum(c.isalpha() for c in text), sum(c in ",;:.?!" for c in text)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=4, help="fail above so many in 200")
    args = parser.parse_args()
    texts = score.SENTENCES.read_text().splitlines()
    files = [p for folder in args.folders for p in sorted(folder.glob("[0-9][0-9][0-9].wav"))]
    waves = [listening.load(p) for p in files]
    seconds = np.array([len(w) / listening.RATE for w in waves])
    known = np.array([features(texts[int(p.stem)]) for p in files])
    expected = known @ np.linalg.lstsq(known, seconds, rcond=None)[0]
    bad = 0
    for path, wave, length, wanted in zip(files, waves, seconds, expected):
        level = np.sqrt(np.mean(wave ** 2))
        tail = wave[-int(LAST_SECONDS * listening.RATE):]
        frames = wave[:len(wave) // 320 * 320].reshape(-1, 320)
        loud = np.flatnonzero(np.sqrt((frames ** 2).mean(1)) > 0.1 * level)
        trail = length - (loud[-1] + 1) * 320 / listening.RATE
        faults = [fault for fault, found in (
            (f"{length:.1f} s, expected {wanted:.1f}", abs(length / wanted - 1) > AWAY),
            ("loud to the end", np.sqrt(np.mean(tail ** 2)) > LOUD * level),
            (f"{trail:.1f} s after the last word", trail > TRAIL_SECONDS)) if found]
        if faults:
            bad += 1
            print(f"{path}: {'; '.join(faults)}")
    print(f"{bad} of {len(files)} sentences end badly")
    raise SystemExit(bad * 200 > args.most * len(files))


if __name__ == "__main__":
    main()
