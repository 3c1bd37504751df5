# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""One line a stage: how far two directories of .npy files are apart."""
import pathlib

import numpy

TENSOR_BOUND = 1e-3
SNR_BOUND_DB = 50.0

GAIN_BOUND = 1e-6

STAGES = [
    "text_tokens", "loudness_gain", "speaker_embedding", "t3_prompt_tokens", "s3gen_prompt_tokens",
    "xvector", "prompt_mel", "voice_speaker_embedding", "voice_t3_prompt_tokens",
    "voice_s3gen_prompt_tokens", "voice_xvector", "voice_prompt_mel", "voice_exaggeration",
    "t3_conditioning", "logits", "logits_guided", "logits_tempered", "logits_top_k",
    "logits_penalised", "logits_min_p", "logits_top_p", "greedy_tokens", "speech_tokens",
    "encoder_output", "mel", "f0", "source", "wave", "chunk_encoder_output", "chunk_mel", "steps_mel",
    "vc_tokens", "vc_encoder_output", "vc_mel",
    "vc_f0", "vc_source", "vc_wave",
]


def measure(name, expected, got):
    """(what was found, whether it is within bounds)."""
    if expected.shape != got.shape:
        return f"shape: expected {expected.shape}, got {got.shape}", False
    if name.endswith("tokens"):
        different = int((expected != got).sum())
        if different:
            first = numpy.argwhere(expected != got)[0].tolist()
            return f"{different} of {expected.size} tokens differ, first at {first}", False
        return f"{expected.size} tokens equal", True
    expected, got = expected.astype(numpy.float64), got.astype(numpy.float64)
    dropped = numpy.isneginf(expected)
    if not numpy.array_equal(dropped, numpy.isneginf(got)):
        count = int((dropped != numpy.isneginf(got)).sum())
        return f"{count} of {expected.size} dropped on one side only", False
    error = numpy.where(dropped, 0, got) - numpy.where(dropped, 0, expected)
    if not numpy.isfinite(error).all():
        return "not finite", False
    if name.endswith("wave"):
        noise = float((error ** 2).sum())
        snr = 10 * numpy.log10(float((expected ** 2).sum()) / noise) if noise else numpy.inf
        return f"SNR {snr:.1f} dB", snr >= SNR_BOUND_DB
    largest = float(numpy.abs(expected[~dropped]).max())
    relative = float(numpy.abs(error).max()) / largest
    bound = GAIN_BOUND if name == "loudness_gain" else TENSOR_BOUND
    return f"{relative:.2e} of the largest magnitude {largest:.4g}", relative <= bound


def report(expected_directory, got_directory, write=print):
    """True when every stage that `expected_directory` holds is within bounds."""
    good = True
    expected_directory, got_directory = map(pathlib.Path, (expected_directory, got_directory))
    for name in STAGES:
        path = expected_directory / f"{name}.npy"
        if not path.exists():
            continue
        ours = got_directory / f"{name}.npy"
        if not ours.exists():
            found, within = "missing", False
        else:
            found, within = measure(name, numpy.load(path), numpy.load(ours))
        good &= within
        write(f"{'ok  ' if within else 'FAIL'} {name:28s} {found}")
    return good
