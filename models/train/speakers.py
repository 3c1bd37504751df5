# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Synthetic speakers: flite's voices with another vocal tract, pitch, tempo and colour.

A speaker is a base voice, whose spectrum is warped and whose samples are played faster or
slower (two different changes of the vocal tract), with F0 and durations chosen so that pitch
and tempo come out as wanted, through a smooth equaliser. Phone times stay exact.
`LIBRARY` holds the 37 voices of voices/, fixed for ever; `crowd` any number of others.
"""
import hashlib
import random
from dataclasses import dataclass, replace

import numpy as np
import scipy.signal

from frontend import Flite, Reading

BASES = ("rms", "awb", "slt")
WARP = 0.42              # every base's own
RATE_STEP = 160          # Hz: sample rates that resample cheaply
EQUALISER_HZ = (0, 250, 700, 1500, 2800, 4500, 8000)
# Ids that clients knew before; all others come from the name.
KNOWN_IDS = {"Aaron": "1fc6c6ab", "Amy": "a563a2ba", "Benjamin": "b2422835"}
MEN = ("Aaron", "Adam", "Adrian", "Alan", "Albert", "Alex", "Alexander", "Andrew", "Anthony",
       "Arthur", "Austin", "Benjamin", "Blake", "Brandon", "Brian", "Bruce", "Bryan", "Carl",
       "Charles", "Christian", "Christopher")
WOMEN = ("Abigail", "Amanda", "Amy", "Angela", "Anna", "Ashley", "Barbara", "Betty", "Beverly",
         "Brenda", "Brittany", "Carol", "Carolyn", "Catherine", "Christina", "Christine")


@dataclass(frozen=True)
class Speaker:
    name: str
    base: str
    f0: float                    # mean, Hz
    spread: float                # standard deviation over the mean
    tract: float = 1.0           # formants times this, by sample rate
    warp: float = WARP
    tempo: float = 1.0           # durations times this
    equaliser: tuple = (0.0,) * len(EQUALISER_HZ)   # dB

    @property
    def gender(self):
        return "male" if self.f0 < 155 else "female"

    @property
    def voice_id(self):
        return KNOWN_IDS.get(self.name) or hashlib.sha256(self.name.encode()).hexdigest()[:8]

    @property
    def rate(self):
        """Sample rate at which the base voice's 16 kHz samples are played."""
        return round(16000 * self.tract / RATE_STEP) * RATE_STEP


def _spread_over(low, high, count, step, logarithmic=False):
    """`count` even values in an order that jumps by `step` (coprime with count)."""
    space = np.geomspace if logarithmic else np.linspace
    values = space(low, high, count)
    return [float(values[k * step % count]) for k in range(count)]


def _coloured(rng, size):
    return tuple(round(rng.uniform(-size, size), 1) for _ in EQUALISER_HZ)


def _library():
    """Men from rms and awb, women from slt and, with a shorter tract, rms and awb."""
    rng = random.Random(37)
    n, made = len(MEN), []
    for k, (name, f0, tract, warp, tempo, spread) in enumerate(zip(
            MEN, _spread_over(84, 146, n, 8, True), _spread_over(0.84, 1.1, n, 5),
            _spread_over(0.39, 0.45, n, 4), _spread_over(0.92, 1.12, n, 10),
            _spread_over(0.1, 0.2, n, 13))):
        made.append(Speaker(name, ("rms", "awb")[k % 2], f0, spread, tract, warp, tempo,
                            _coloured(rng, 7)))
    n = len(WOMEN)
    for k, (name, f0, tract, warp, tempo, spread) in enumerate(zip(
            WOMEN, _spread_over(170, 250, n, 5, True), _spread_over(0.87, 1.15, n, 3),
            _spread_over(0.395, 0.445, n, 7), _spread_over(0.92, 1.12, n, 9),
            _spread_over(0.1, 0.18, n, 11))):
        base = ("slt", "rms", "slt", "awb")[k % 4]
        tract *= 1.0 if base == "slt" else 1.12
        made.append(Speaker(name, base, f0, spread, tract, warp, tempo, _coloured(rng, 7)))
    return tuple(sorted(made, key=lambda s: s.name))


LIBRARY = _library()


# The model speaks a voice more clearly after a prompt whose vocal tract is nearer to the base
# voice's, and shorter for a man, longer for slt; what that costs of the voice's difference from
# others, more of its colour gives back.
TRACT_STRENGTH, SLT_TRACT_STRENGTH = 0.72, 0.85
COLOUR_STRENGTH = 1.2
MAN_SHIFT, SLT_SHIFT = 1.1, 0.9
SHIFTS = {"Alan": 1.12, "Amy": 0.84, "Austin": 1.08, "Christian": 1.07,
          "Christina": 0.95}   # they were taken for others


def prompting(speaker):
    """The speaker whose reading the model hears when it speaks this one's clip."""
    slt = speaker.base == "slt"
    usual = SLT_SHIFT if slt else MAN_SHIFT if speaker.gender == "male" else 1.0
    strength = SLT_TRACT_STRENGTH if slt else TRACT_STRENGTH
    return replace(
        speaker, tract=(1 + (speaker.tract - 1) * strength) * SHIFTS.get(speaker.name, usual),
        warp=WARP + (speaker.warp - WARP) * COLOUR_STRENGTH,
        equaliser=tuple(round(gain * COLOUR_STRENGTH, 1) for gain in speaker.equaliser))


def crowd(count, seed=5):
    """Speakers that are nobody in the library."""
    rng = random.Random(seed)
    made = []
    for k in range(count):
        base = BASES[k % 3]
        f0 = float(np.exp(rng.uniform(np.log(75), np.log(270))))
        # Long tracts go with low voices, with exceptions.
        tract = 0.86 + 0.28 * (np.log(f0 / 75) / np.log(3.6)) + rng.uniform(-0.09, 0.09)
        tract *= 0.95 if base == "slt" else 1.03
        made.append(Speaker(f"crowd{k:03d}", base, f0, rng.uniform(0.07, 0.24), float(tract),
                            rng.uniform(0.39, 0.45), rng.uniform(0.88, 1.2), _coloured(rng, 7)))
    return made


def coloured(speaker, wave):
    """flite's samples, int16, through the speaker's equaliser: float, -1 to 1."""
    wave = wave.astype(np.float32) / 32768
    if any(speaker.equaliser):
        gains = 10 ** (np.array(speaker.equaliser) / 20)
        wave = scipy.signal.fftconvolve(
            wave, scipy.signal.firwin2(255, EQUALISER_HZ, gains, fs=16000), "same")
    wave = wave * (0.08 / (np.sqrt(np.mean(wave ** 2)) + 1e-6))   # one loudness for all
    return np.clip(wave, -0.99, 0.99).astype(np.float32)


class Cast:
    """Reads as any speaker; one flite voice a base is loaded."""

    def __init__(self, kind=Flite):
        self._kind, self._voices = kind, {}

    def voice(self, base):
        if base not in self._voices:
            self._voices[base] = self._kind(base)
        return self._voices[base]

    def read(self, speaker, text, liveliness=1.0):
        """Reading whose wave is float at `speaker.rate`, -1 to 1."""
        voice, faster = self.voice(speaker.base), speaker.rate / 16000
        voice.shape(speaker.f0 / faster, speaker.f0 / faster * speaker.spread * liveliness,
                    speaker.tempo * faster, speaker.warp)
        reading = voice.read(text)
        return Reading(reading.symbols, reading.phones, reading.symbol_of_phone,
                       reading.ends / faster, coloured(speaker, reading.wave))
