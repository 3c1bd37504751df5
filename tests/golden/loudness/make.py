#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Writes cases.json beside this file: what pyloudnorm 0.2.0 says of synthetic recordings.

The recordings come from signal() of tests/golden/reference/make.py, each at a scale of its own.
"""
import importlib.metadata
import importlib.util
import json
import math
import pathlib

import numpy
import pyloudnorm

HERE = pathlib.Path(__file__).resolve().parent
TARGET_LUFS = -27
# Rate, seconds, scale, samples of silence behind.
CASES = [(24000, 7.317, 1.0, 0), (24000, 5.01, 0.003, 0), (24000, 12.0, 2.5, 0),
         (24000, 1.2345, 0.1, 0), (24000, 5.5, 0.4, 60000), (24000, 0.4, 1.0, 0),
         (48000, 3.3, 0.25, 777), (16000, 6.05, 0.5, 0), (24000, 6.0, 1e-5, 0),
         (24000, 6.0, 0.0, 0), (24000, 0.3, 1.0, 0)]


def reference_module():
    spec = importlib.util.spec_from_file_location("make", HERE.parent / "reference" / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(wave, rate):
    """Loudness, or none where pyloudnorm refuses; and the gain that upstream applies."""
    try:
        lufs = pyloudnorm.Meter(rate).integrated_loudness(wave)
    except ValueError:
        return None, 1.0
    gain = 10.0 ** ((TARGET_LUFS - lufs) / 20.0)
    return (float(lufs) if math.isfinite(lufs) else None,
            float(gain) if math.isfinite(gain) and gain > 0 else 1.0)


def main():
    signal = reference_module().signal
    cases = []
    for rate, seconds, scale, silence in CASES:
        wave = signal(rate, seconds) * numpy.float32(scale)
        wave = numpy.concatenate([wave, numpy.zeros(silence, numpy.float32)])
        lufs, gain = measure(wave, rate)
        cases.append({"rate": rate, "seconds": seconds, "scale": scale, "silence": silence,
                      "lufs": lufs, "gain": gain})
    document = {"script": "tests/golden/loudness/make.py",
                "pyloudnorm": importlib.metadata.version("pyloudnorm"),
                "target_lufs": TARGET_LUFS, "tolerance": 1e-6, "cases": cases}
    (HERE / "cases.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
