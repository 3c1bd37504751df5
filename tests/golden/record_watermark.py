#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Records what PyPI's resemble-perth 1.0.1 does, for tests/lib/watermark_test.cpp.

    tests/golden/record_watermark.py

Needs resemble-perth, librosa and soundfile. Nothing is drawn by chance.
"""
import importlib.metadata
import json
import pathlib

import librosa
import numpy as np
import perth
import soundfile

HERE = pathlib.Path(__file__).resolve().parent
RECORDING = "voices/anna.opus"
RATE = 24000
BEGIN, END = 0.5, 3.0  # seconds


def main():
    wave, rate = soundfile.read(HERE.parent.parent / RECORDING, dtype="float32")
    wave = librosa.resample(wave, orig_sr=rate, target_sr=RATE)
    plain = wave[int(BEGIN * RATE):int(END * RATE)].astype(np.float16)
    signal = plain.astype(np.float32)
    watermarker = perth.PerthImplicitWatermarker()
    marked = watermarker.apply_watermark(signal, RATE)
    # Upstream ends with the last whole frame.
    mark = np.zeros_like(signal)
    mark[:len(marked)] = (marked - signal[:len(marked)])[:len(signal)]
    mark = mark.astype(np.float16)
    marked = signal + mark.astype(np.float32)

    output = HERE / "watermark"
    output.mkdir(exist_ok=True)
    np.save(output / "plain.npy", plain)
    np.save(output / "mark.npy", mark)
    confidence = {name: float(watermarker.get_watermark(audio, RATE, round=False))
                  for name, audio in (("plain", signal), ("marked", marked))}
    (output / "golden.json").write_text(json.dumps({
        "script": "tests/golden/record_watermark.py",
        "upstream": "resemble-perth " + importlib.metadata.version("resemble-perth"),
        "input": f"{RECORDING}, {BEGIN} to {END} s, at {RATE} Hz, rounded to float16",
        "confidence": confidence,
    }, indent=1) + "\n")
    print(confidence)


if __name__ == "__main__":
    main()
