#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Emotion: how much wider F0 is spread at exaggeration 1 than at 0.

    emotion.py --out DIR [--command 'speak {text} {emotion} {out}'] [--sentences N]
"""
import argparse
from pathlib import Path

import numpy as np

import listening
import score

COMMAND = (f"gst-launch-1.0 -q chatterboxtts model-path={listening.ROOT}/models/embedded "
           "text={text} exaggeration={emotion} ! wavenc ! filesink location={out}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--command", default=COMMAND)
    parser.add_argument("--sentences", type=int, default=20)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    texts = score.SENTENCES.read_text().splitlines()[:args.sentences]
    spreads = {}
    for emotion in (0.0, 0.5, 1.0):
        found = []
        for k, text in enumerate(texts):
            out = args.out / f"{emotion:.1f}-{k:03d}.wav"
            listening.run(args.command, text=text, emotion=emotion, out=out)
            found.append(listening.spread(listening.pitch(listening.load(out))))
        spreads[emotion] = np.nanmean(found)
        print(f"exaggeration {emotion}: F0 spread {spreads[emotion]:.2f} semitones", flush=True)
    print(f"exaggeration 1.0 against 0.0: {100 * (spreads[1.0] / spreads[0.0] - 1):+.0f} %")


if __name__ == "__main__":
    main()
