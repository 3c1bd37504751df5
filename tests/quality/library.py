#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The library's voices: are they intelligible, themselves, and of their gender?

    library.py --out DIR [--command 'speak {voice} {text} {out}'] [--every N]

Every voice speaks five sentences that training never saw (kept in DIR, spoken once). Words:
error rate, mean and worst voice. Who: nearest of the enrolled voices, where a voice is enrolled
by its recording in voices/ (`--enrol spoken`: by its other four sentences). Gender: median F0.
"""
import argparse
from pathlib import Path

import numpy as np

import listening
import score

SENTENCES = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--command", default=listening.SPEAK)
    parser.add_argument("--every", type=int, default=1, help="only each n-th voice")
    parser.add_argument("--sentences", type=int, default=SENTENCES)
    parser.add_argument("--enrol", choices=("recording", "spoken"), default="recording")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    everyone = listening.library()
    voices = everyone[::args.every]
    texts = score.SENTENCES.read_text().splitlines()
    said, files = {}, {}
    for v, voice in enumerate(everyone):
        if voice not in voices:
            continue
        for k in range(args.sentences):
            number = (v * SENTENCES + k) % len(texts)
            path = args.out / f"{voice['speaker_name']}-{number:03d}.wav"
            listening.run(args.command, voice=listening.recording(voice), text=texts[number],
                          out=path)
            said[path.stem] = score.words(texts[number])
            files.setdefault(voice["speaker_name"], []).append(path)
    heard = score.recognise([p for some in files.values() for p in some])
    rates = {}
    for name, some in files.items():
        wrong = sum(score.edit_distance(said[p.stem], heard.get(p.stem, [])) for p in some)
        rates[name] = wrong / sum(len(said[p.stem]) for p in some)
    who = listening.Identity()
    waves = {name: [listening.load(p) for p in some] for name, some in files.items()}
    enrolled = np.stack([who(listening.load(listening.recording(v))) for v in everyone])
    names = [v["speaker_name"] for v in everyone]
    spoken = {name: np.stack([who(w) for w in some]) for name, some in waves.items()}
    right = total = fitting = 0
    for voice in voices:
        name, own = voice["speaker_name"], spoken[voice["speaker_name"]]
        hits = 0
        for k, vector in enumerate(own):
            known = enrolled
            if args.enrol == "spoken":
                known = np.stack([
                    np.mean(np.delete(spoken[n], k, 0) if n == name else spoken[n], 0)
                    for n in names])
                known /= np.linalg.norm(known, axis=1, keepdims=True)
            hits += names[int((known @ vector).argmax())] == name
        f0 = np.concatenate([listening.pitch(w) for w in waves[name][:2]])
        middle = float(np.nanmedian(f0))
        fits = (middle < listening.GENDER_HZ) == (voice["gender"] == "male")
        right, total, fitting = right + hits, total + len(own), fitting + fits
        print(f"{name:12} {voice['gender']:6} WER {rates[name]:.3f} named {hits}/{len(own)} "
              f"F0 {middle:.0f} Hz{'' if fits else ' (not its gender)'}", flush=True)
    worst = max(rates, key=rates.get)
    print(f"WER mean {np.mean(list(rates.values())):.3f}, worst {rates[worst]:.3f} ({worst}); "
          f"named right {right / total:.3f} of {total}; gender {fitting} of {len(voices)}")


if __name__ == "__main__":
    main()
