#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Strangers: does a voice cloned from 10 s sound like its owner, or like another of the ten?

    clone.py --speech FOLDER --out DIR [--command 'speak {voice} {text} {out}']

FOLDER holds librispeech/ (one recording a reader); the ten are readers that training never
heard (models/train/natural.py). Each speaks eight unseen sentences from the first 10 s of the
recording, and is enrolled by the rest of it where that is 3 s or more, else by all of it.
"""
import argparse
from pathlib import Path

import numpy as np
import soundfile

import listening
import score

READER_EVERY = 12   # as in models/train/natural.py
SECONDS, LEAST = 10, 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--command", default=listening.SPEAK)
    parser.add_argument("--sentences", type=int, default=8, help="a reader")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    readers = sorted((args.speech / "librispeech").glob("*.opus"))[::READER_EVERY]
    # Those whose recording is long enough for 10 s and something to compare with.
    readers = sorted(readers, key=lambda p: soundfile.info(p).duration)[-10:]
    texts = score.SENTENCES.read_text().splitlines()
    who, enrolled, spoken, files, said = listening.Identity(), [], [], [], {}
    for r, path in enumerate(readers):
        wave = listening.load(path)
        sample = args.out / f"{path.stem}.flac"
        soundfile.write(sample, wave[:SECONDS * listening.RATE], listening.RATE)
        rest = wave[SECONDS * listening.RATE:]
        enrolled.append(who(rest if len(rest) >= LEAST * listening.RATE else wave))
        vectors = []
        for k in range(args.sentences):
            number = (r * args.sentences + k) % len(texts)
            out = args.out / f"{path.stem}-{number:03d}.wav"
            listening.run(args.command, voice=sample, text=texts[number], out=out)
            vectors.append(who(listening.load(out)))
            files.append(out)
            said[out.stem] = score.words(texts[number])
        spoken.append(np.stack(vectors))
    alike = np.stack(spoken) @ np.stack(enrolled).T   # reader, sentence, enrolled
    right = alike.argmax(-1) == np.arange(len(readers))[:, None]
    own = np.mean([alike[k, :, k].mean() for k in range(len(readers))])
    heard = score.recognise(files)
    wrong = sum(score.edit_distance(said[p.stem], heard.get(p.stem, [])) for p in files)
    print(f"nearest of {len(readers)}: {right.mean():.3f} of {right.size}; own similarity "
          f"{own:.3f}; WER {wrong / sum(map(len, said.values())):.3f}")


if __name__ == "__main__":
    main()
