# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Independent ears: PocketSphinx for words, Resemblyzer for who speaks, pYIN for pitch.

None of them takes part in training. Needs what score.py needs, librosa, soundfile and, for
identity, resemblyzer (PyPI, which carries its weights).
"""
import json
import os
import shlex
import subprocess
from pathlib import Path

import librosa
import numpy as np

ROOT = Path(__file__).parents[2]
RATE = 16000
GENDER_HZ = 155
SPEAK = (f"{ROOT}/build/examples/chatterbox-tts --voice {{voice}} {ROOT}/models/embedded "
         "{text} {out}")
CONVERT = ("gst-launch-1.0 -q filesrc location={source} ! decodebin ! audioconvert ! "
           f"audioresample ! chatterboxvc model-path={ROOT}/models/embedded voice={{voice}} ! "
           "audioconvert ! audio/x-raw,format=S16LE ! wavenc ! filesink location={out}")


def run(command, **fields):
    """Runs a command line whose {fields} are filled in, quoted; unless its {out} is there."""
    if Path(fields["out"]).exists():
        return
    quoted = {name: shlex.quote(str(value)) for name, value in fields.items()}
    environment = {**os.environ, "GST_PLUGIN_PATH": str(ROOT / "build/gst")}
    subprocess.run(command.format(**quoted), shell=True, check=True, env=environment,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def library(folder=ROOT / "voices"):
    """Entries of voices/index.json."""
    return json.loads((folder / "index.json").read_text())["voices"]


def recording(voice):
    """The file of a library voice."""
    return ROOT / "voices" / voice["file"]


def load(path):
    return librosa.load(path, sr=RATE)[0]


def pitch(wave, low=60, high=420):
    """F0 by pYIN every 20 ms; NaN where unvoiced."""
    return librosa.pyin(wave, fmin=low, fmax=high, sr=RATE, frame_length=1024, hop_length=320)[0]


def spread(f0):
    """Spread of F0, semitones."""
    voiced = f0[~np.isnan(f0)]
    return float(12 * np.std(np.log2(voiced))) if len(voiced) > 20 else float("nan")


class Identity:
    """Speaker vectors of unit length."""

    def __init__(self):
        import torch
        from resemblyzer import VoiceEncoder
        torch.set_num_threads(1)
        self._encoder = VoiceEncoder("cpu", verbose=False)

    def __call__(self, wave):
        return self._encoder.embed_utterance(wave.astype(np.float32))

    def centroid(self, waves):
        mean = np.mean([self(w) for w in waves], 0)
        return mean / np.linalg.norm(mean)
