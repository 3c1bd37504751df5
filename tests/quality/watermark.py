#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Our watermark beside upstream's: PyPI's resemble-perth 1.0.1.

    tests/quality/watermark.py mark RECORDING...       our marking against upstream's
    tests/quality/watermark.py detect RECORDING...     found, 3 s and 1 s, and not found
    tests/quality/watermark.py survive RECORDING...    after codecs and other treatment

Needs resemble-perth, librosa and soundfile, ffmpeg for `survive`, and a build with tests.
--seconds cuts each recording; all are brought to 24 kHz.
"""
import argparse
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import librosa
import numpy as np
import soundfile

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RATE = 24000
PUSH = 960  # samples, as a live stream would


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("mark", "detect", "survive"))
    parser.add_argument("recordings", nargs="+")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    arguments = parser.parse_args()
    import torch
    torch.set_num_threads(1)
    import perth
    with contextlib.redirect_stdout(io.StringIO()):
        upstream = perth.PerthImplicitWatermarker()
    ours = Ours(arguments.build)
    waves = [load(path, arguments.seconds) for path in arguments.recordings]
    {"mark": mark, "detect": detect, "survive": survive}[arguments.what](upstream, ours, waves)


def load(path, seconds):
    wave, rate = soundfile.read(path, dtype="float32")
    wave = wave if wave.ndim == 1 else wave.mean(1)
    wave = librosa.resample(wave, orig_sr=rate, target_sr=RATE)
    # From the middle, where somebody speaks.
    length = min(len(wave), int(seconds * RATE))
    begin = (len(wave) - length) // 2
    return np.ascontiguousarray(wave[begin:begin + length])


class Ours:
    def __init__(self, build):
        self.bench = build / "tests" / "bench" / "watermark_bench"
        self.weights = ROOT / "models" / "watermark"

    def run(self, wave, push=PUSH):
        """The marked wave, and what the program says of it."""
        command = [str(self.bench), str(self.weights), str(RATE)] + ([str(push)] if push else [])
        result = subprocess.run(command, input=wave.astype("<f4").tobytes(), capture_output=True,
                                check=True)
        return np.frombuffer(result.stdout, "<f4"), json.loads(result.stderr)

    def mark(self, wave, push=PUSH):
        return self.run(wave, push)[0]


def snr(signal, other):
    noise = signal.astype(np.float64) - other
    return 10 * np.log10(np.sum(signal.astype(np.float64) ** 2) / max(np.sum(noise ** 2), 1e-30))


def found(upstream, wave):
    return float(upstream.get_watermark(wave, RATE, round=False))


def show(name, values):
    values = np.asarray(values, dtype=np.float64)
    print(f"{name}: lowest {values.min():.5g}, median {np.median(values):.5g}, "
          f"highest {values.max():.5g}", flush=True)


def exact_mark(upstream, wave):
    """Upstream's mark without what its two rate conversions lose: the 32 kHz difference alone is
    brought back."""
    import torch
    net = upstream.perth_net
    high = librosa.resample(wave, orig_sr=RATE, target_sr=32000)
    with torch.no_grad():
        level, phase = net.ap.signal_to_magphase(high)
        marked = net.ap.magphase_to_signal(net.encoder(level[None])[0][0], phase).numpy()
        plain = net.ap.magphase_to_signal(level, phase).numpy()
    return librosa.resample(marked - plain, orig_sr=32000, target_sr=RATE)


def mark(upstream, ours, waves):
    rows = {name: [] for name in (
        "correlation of the mark with upstream's",
        "correlation with upstream's mark without its rate conversions' loss",
        "signal to mark, ours, dB", "signal to mark, upstream's, dB",
        "streamed against whole, dB", "streamed against upstream's mark added, dB",
        "difference of detectors, unmarked", "difference of detectors, marked",
        "held back at most, ms", "marking, seconds per second, 40 ms at once",
        "marking, seconds per second, 1 s at once", "detecting, seconds per second")}
    for wave in waves:
        streamed, facts = ours.run(wave)
        whole, whole_facts = ours.run(wave, RATE)
        theirs = upstream.apply_watermark(wave, RATE)
        length = min(len(wave), len(theirs))
        exact = exact_mark(upstream, wave)
        exact_length = min(len(wave), len(exact))
        our_mark, their_mark = whole - wave, theirs[:length] - wave[:length]
        values = (
            np.corrcoef(our_mark[:length], their_mark)[0, 1],
            np.corrcoef(our_mark[:exact_length], exact[:exact_length])[0, 1],
            snr(wave, whole), snr(wave[:length], theirs[:length]), snr(whole, streamed),
            snr(wave[:exact_length] + exact[:exact_length], streamed[:exact_length]),
            abs(facts["before"] - found(upstream, wave)),
            abs(facts["after"] - found(upstream, streamed)),
            facts["held_back_ms"], facts["marking"], whole_facts["marking"], facts["detecting"])
        for row, value in zip(rows.values(), values):
            row.append(value)
    print(f"{len(waves)} recordings")
    for name, row in rows.items():
        show(name, row)


def detect(upstream, ours, waves):
    for seconds in (3, 1):
        heard = {"upstream's detector": ([], []), "our detector": ([], [])}
        for wave in waves:
            cut = wave[:seconds * RATE]
            marked, facts = ours.run(cut)
            heard["upstream's detector"][0].append(found(upstream, marked))
            heard["upstream's detector"][1].append(found(upstream, cut))
            heard["our detector"][0].append(facts["after"])
            heard["our detector"][1].append(facts["before"])
        for name, (marked, plain) in heard.items():
            print(f"{seconds} s, {name}: found {sum(c >= 0.5 for c in marked)} of {len(waves)}, "
                  f"unmarked called marked {sum(c >= 0.5 for c in plain)}")
            show("  confidence, marked", marked)
            show("  confidence, unmarked", plain)


def through(*arguments):
    """Through ffmpeg's encoder and back."""
    def treat(wave):
        with tempfile.TemporaryDirectory() as folder:
            plain, coded, decoded = (pathlib.Path(folder) / name
                                     for name in ("plain.wav", "coded.mka", "decoded.wav"))
            soundfile.write(plain, wave, RATE, subtype="FLOAT")
            for source, options, target in ((plain, arguments, coded), (coded, (), decoded)):
                subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(source), *options,
                                *(("-ar", str(RATE), "-c:a", "pcm_f32le") if not options else ()),
                                str(target)], check=True)
            return soundfile.read(decoded, dtype="float32")[0]
    return treat


def narrow(wave):
    half = librosa.resample(wave, orig_sr=RATE, target_sr=16000)
    return librosa.resample(half, orig_sr=16000, target_sr=RATE)


TREATMENTS = {
    "Opus, 32 kbit/s": through("-c:a", "libopus", "-b:a", "32k"),
    "Opus, 16 kbit/s": through("-c:a", "libopus", "-b:a", "16k"),
    "MP3, 64 kbit/s": through("-c:a", "libmp3lame", "-b:a", "64k"),
    "16 kHz": narrow,
    "12 dB louder, clipped": lambda wave: np.clip(wave * 10 ** 0.6, -1, 1),
    "12 dB softer": lambda wave: wave * 10 ** -0.6,
    "3 s cut out": lambda wave: wave[len(wave) // 3:][:3 * RATE],
    "5 % faster": lambda wave: librosa.resample(wave, orig_sr=RATE, target_sr=RATE * 20 / 21),
    "low-pass, 4 kHz (8 kHz telephone)": lambda wave: librosa.resample(
        librosa.resample(wave, orig_sr=RATE, target_sr=8000), orig_sr=8000, target_sr=RATE),
}


def survive(upstream, ours, waves):
    marked = {"ours": [ours.mark(wave) for wave in waves],
              "upstream's": [upstream.apply_watermark(wave, RATE) for wave in waves],
              "no": waves}
    for name, treat in TREATMENTS.items():
        line = []
        for whose, sounds in marked.items():
            heard = [found(upstream, np.ascontiguousarray(treat(wave), dtype=np.float32))
                     for wave in sounds]
            line.append(f"{whose} mark: {sum(c >= 0.5 for c in heard)} of {len(heard)} "
                        f"(mean {np.mean(heard):.4f}, lowest {min(heard):.3f})"
                        if whose != "no" else
                        f"no mark: {sum(c >= 0.5 for c in heard)}")
        print(f"{name}: " + "; ".join(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
