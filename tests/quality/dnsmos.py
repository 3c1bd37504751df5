#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""How good speech sounds to DNSMOS (PyPI speechmos, which carries its models, and onnxruntime).

    dnsmos.py DIR|FILE [DIR|FILE ...]      recordings, or folders of them

Means over all files of each argument: overall, signal and background of P.835, and P.808. Files
shorter than a second are left out; no model is trained on these figures.
"""
import argparse
from pathlib import Path

import numpy as np

import listening

KINDS = ("*.wav", "*.opus", "*.ogg", "*.flac", "*.mp3")
FIGURES = {"overall": "ovrl_mos", "signal": "sig_mos", "background": "bak_mos", "P.808": "p808_mos"}
SHORTEST_SECONDS = 1


def files_of(argument):
    if argument.is_dir():
        return sorted(path for kind in KINDS for path in argument.rglob(kind))
    return [argument]


def rate(path):
    """The four figures of one recording; None when it is too short."""
    from speechmos import dnsmos
    wave = listening.load(path)
    if len(wave) < SHORTEST_SECONDS * listening.RATE:
        return None
    wave = np.clip(wave, -1, 1)
    result = dnsmos.run(wave, sr=listening.RATE)
    return [float(result[key]) for key in FIGURES.values()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("speech", type=Path, nargs="+")
    parser.add_argument("--each", action="store_true", help="a line for each file")
    parser.add_argument("--least", type=float, help="fail below this mean of P.835 overall")
    args = parser.parse_args()
    failed = False
    for argument in args.speech:
        rated = []
        for path in files_of(argument):
            figures = rate(path)
            if figures is None:
                print(f"{path}: shorter than {SHORTEST_SECONDS} s, left out")
                continue
            rated.append(figures)
            if args.each:
                print(f"{path}: " + ", ".join(f"{n} {v:.2f}" for n, v in zip(FIGURES, figures)))
        if not rated:
            raise SystemExit(f"{argument}: expected recordings, got none")
        means = np.mean(rated, 0)
        print(f"{argument}: {len(rated)} recordings, "
              + ", ".join(f"{name} {value:.2f}" for name, value in zip(FIGURES, means)))
        failed = failed or (args.least is not None and means[0] < args.least)
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
