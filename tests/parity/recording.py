# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Recordings that belong to nobody: seeded sounds with what speech has, that
is pitch, formants, hiss, pauses and silence at both ends."""
import numpy
import scipy.signal
import soundfile


def synthetic(seconds, rate_hz, seed):
    """Mono float64 samples in [-1, 1]."""
    draw = numpy.random.default_rng(seed)
    total = int(seconds * rate_hz)
    out = numpy.zeros(total)
    at = int(0.15 * rate_hz)
    end = total - int(0.2 * rate_hz)
    base = draw.uniform(95, 230)
    while at < end:
        kind = draw.choice(["voiced", "voiced", "voiced", "hiss", "pause"])
        length = min(int(draw.uniform(0.06, 0.28) * rate_hz), end - at)
        if length < 64:
            break
        if kind != "pause":
            piece = _voiced(draw, base, length, rate_hz) if kind == "voiced" else \
                _hiss(draw, length, rate_hz)
            out[at:at + length] += piece * scipy.signal.windows.tukey(length, 0.3)
        at += length
    out += 0.0004 * draw.standard_normal(total)
    return 0.5 * out / numpy.abs(out).max()


def _voiced(draw, base, length, rate_hz):
    time = numpy.arange(length) / rate_hz
    pitch = base * (1 + draw.uniform(-0.2, 0.2)) * (1 + draw.uniform(-1, 1) * time)
    pulse = scipy.signal.sawtooth(2 * numpy.pi * numpy.cumsum(pitch) / rate_hz)
    for low, high in ((280, 850), (900, 2400), (2400, 3400)):
        centre = draw.uniform(low, high)
        pole = numpy.exp(-numpy.pi * 110 / rate_hz + 2j * numpy.pi * centre / rate_hz)
        pulse = scipy.signal.lfilter([1 - abs(pole)], [1, -2 * pole.real, abs(pole) ** 2], pulse)
        pulse /= numpy.abs(pulse).max() + 1e-9
    return pulse


def _hiss(draw, length, rate_hz):
    low = draw.uniform(1500, 4500)
    band = scipy.signal.butter(2, [low, min(low + 3000, rate_hz * 0.45)], "bandpass", fs=rate_hz)
    return 0.3 * scipy.signal.lfilter(*band, draw.standard_normal(length))


def write(path, samples, rate_hz):
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")
