#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Conversion of unseen natural speech to eight library voices: words, melody, length, identity.

    convert.py --speech FOLDER --out DIR [--command 'convert {source} {voice} {out}']

FOLDER holds kathleen/ with transcripts.tsv; the recordings used (arctic_b05...) were never
trained on. Prints the error rate of the words, how often the target is named right among all
voices, the correlation of log F0 with the source's, and the change of length.
"""
import argparse
from pathlib import Path

import numpy as np

import listening
import score

UNSEEN = "arctic_b05"   # as in models/train/natural.py
VOICES = 8


def melody(source, made):
    """Correlation of log F0 where both are voiced."""
    a, b = (np.log(listening.pitch(w)) for w in (source, made))
    n = min(len(a), len(b))
    both = ~np.isnan(a[:n]) & ~np.isnan(b[:n])
    return np.corrcoef(a[:n][both], b[:n][both])[0, 1] if both.sum() > 20 else np.nan


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--command", default=listening.CONVERT)
    parser.add_argument("--each", type=int, default=5, help="recordings a voice")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    lines = (args.speech / "kathleen/transcripts.tsv").read_text().splitlines()
    pairs = [line.split("\t")[:2] for line in lines if line.startswith(UNSEEN)]
    everyone = listening.library()
    targets = everyone[::len(everyone) // VOICES][:VOICES]
    who = listening.Identity()
    enrolled = np.stack([who(listening.load(listening.recording(v))) for v in everyone])
    names = [v["speaker_name"] for v in everyone]
    files, said, hits, tunes, lengths = [], {}, [], [], []
    for v, voice in enumerate(targets):
        for k in range(args.each):
            name, text = pairs[(v * args.each + k) % len(pairs)]
            source = args.speech / f"kathleen/{name}.opus"
            out = args.out / f"{voice['speaker_name']}-{name}.wav"
            listening.run(args.command, source=source, voice=listening.recording(voice), out=out)
            before, after = listening.load(source), listening.load(out)
            hits.append(names[int((enrolled @ who(after)).argmax())] == voice["speaker_name"])
            tunes.append(melody(before, after))
            lengths.append(abs(len(after) - len(before)) / listening.RATE)
            files.append(out)
            said[out.stem] = score.words(text)
    heard = score.recognise(files)
    wrong = sum(score.edit_distance(said[p.stem], heard.get(p.stem, [])) for p in files)
    print(f"{len(files)} conversions: WER {wrong / sum(map(len, said.values())):.3f}; target "
          f"named right {np.mean(hits):.3f}; F0 correlation {np.nanmean(tunes):.3f}; length "
          f"change {1000 * np.max(lengths):.0f} ms at most")


if __name__ == "__main__":
    main()
