#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Draws the mel spectrograms of a recording, above, and of its conversion into another voice:
mel.py OUT.png [RECORDING [VOICE]]. Needs Debian's python3-numpy."""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from drawing import read_wav, write_png

TREE = pathlib.Path(__file__).resolve().parents[2]
RATE_HZ, WINDOW, HOP, BANDS, SECONDS = 24000, 1024, 240, 100, 4
STEPS = 48  # of loudness
# Dark blue, violet, red, orange, pale yellow; and white between the two.
COLOURS = np.array([[0, 0, 20], [80, 20, 110], [190, 55, 80], [245, 140, 35], [250, 250, 190]])


def filters():
    """Triangles of equal width in mel."""
    mel = np.linspace(0, 2595 * np.log10(1 + RATE_HZ / 2 / 700), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.arange(WINDOW // 2 + 1) * RATE_HZ / WINDOW
    low, middle, high = (edges[i:BANDS + i, None] for i in range(3))
    return np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))


def mel(samples):
    samples = np.asarray(samples, float)[:SECONDS * RATE_HZ] / 32768
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW))) ** 2
    return np.log10(filters() @ power.T + 1e-6)


def palette():
    at = np.linspace(0, len(COLOURS) - 1, STEPS)
    between = [np.interp(at, range(len(COLOURS)), COLOURS[:, i]) for i in range(3)]
    return [*np.stack(between, 1).astype(int).tolist(), [255, 255, 255]]


def indices(values):
    """Into the palette, the highest band on top."""
    low, high = values.min(), values.max()
    return ((values - low) / (high - low) * (STEPS - 1)).astype(int)[::-1]


def main():
    recording = sys.argv[2] if len(sys.argv) > 2 else TREE / "voices" / "carl.opus"
    voice = sys.argv[3] if len(sys.argv) > 3 else "Amy"
    with tempfile.TemporaryDirectory() as folder:
        plain, converted = (pathlib.Path(folder, name) for name in ("plain.wav", "converted.wav"))
        subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={recording}", "!", "decodebin", "!",
                        "audioconvert", "!", "audioresample", "!",
                        f"audio/x-raw,format=S16LE,channels=1,rate={RATE_HZ}", "!", "wavenc", "!",
                        "filesink", f"location={plain}"], check=True)
        subprocess.run(["chatterbox", "convert", "-q", recording, "--voice", voice, "--seed", "1", "-o",
                        converted], check=True)
        upper, lower = (indices(mel(read_wav(path)[0])) for path in (plain, converted))
    width = min(upper.shape[1], lower.shape[1])
    rows = [*upper[:, :width], *np.full((3, width), STEPS), *lower[:, :width]]
    write_png(sys.argv[1], [np.repeat(row, 2).tolist() for row in rows for _ in (0, 1)], palette())


if __name__ == "__main__":
    main()
