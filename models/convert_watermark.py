#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Converts the implicit PerTh net of PyPI's resemble-perth into models/watermark.

    models/convert_watermark.py [--checkpoint FILE] [--output DIR]

Without --checkpoint the one inside the installed package is taken. Needs torch,
numpy and safetensors. Writes encoder.safetensors and decoder.safetensors and
their entry in models/manifest.json; running it again gives the same bytes.

Two things differ from upstream's weights. The encoder's taps over the future are added to the
tap over the present (docs/watermark.md). The convolutions over time, which are nearly all
there is, become rows of int8 (docs/design/model-files.md), rounded so that they say the same of
the recording in tests/golden/watermark, plain and marked.
"""
import argparse
import hashlib
import importlib.util
import json
import pathlib
import shutil

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import int8

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "tests" / "golden" / "watermark"
PACKAGED = "perth_net/pretrained/implicit/perth_net_250000.pth.tar"
VERSION = "1.0.1"
# Upstream's names of the stacks -> ours, by file.
STACKS = {
    "encoder": {"encoder.layers": "layers"},
    "decoder": {f"decoder.{branch}_layers": branch for branch in ("slow", "normal", "fast")},
}
SPEEDS = {"slow": 1.25, "normal": 1.0, "fast": 0.75}
LAYERS = 7
PAST = 3  # frames that a folded convolution sees besides the present one
SLOPE = 0.01
RATE, WINDOW, HOP, BINS = 24000, 1536, 240, 128


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "watermark")
    arguments = parser.parse_args()
    checkpoint = arguments.checkpoint or packaged_checkpoint()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["model"]
    torch.set_num_threads(1)  # sums in another order would round otherwise
    arguments.output.mkdir(parents=True, exist_ok=True)
    recordings = plain, _ = [levels(wave) for wave in golden_recordings()]
    left = {name for name in state if name.startswith(("encoder.", "decoder."))}
    for part, stacks in STACKS.items():
        tensors, moments = {}, {}
        for theirs, ours in stacks.items():
            # "encoder.layers.3.conv.weight" -> "layers.3.weight"
            names = {name: ours + name[len(theirs):].replace(".conv.", ".")
                     for name in sorted(left) if name.startswith(theirs + ".")}
            stack = {new: state[old].float() for old, new in names.items()}
            left -= set(names)
            if part == "encoder":
                stack = {name: folded(tensor) for name, tensor in stack.items()}
                moments |= moments_of(stack, ours, [plain], (PAST, 0))
            else:
                moments |= moments_of(stack, ours, [stretched(r, SPEEDS[ours]) for r in recordings],
                                      (PAST, PAST))
            tensors |= stack
        path = arguments.output / f"{part}.safetensors"
        save_file(int8.stored(tensors, lambda name, tensor: name in moments, moments), path)
        path.chmod(0o644)  # safetensors writes files for the owner alone
    assert not left, f"tensors that no file takes: {sorted(left)}"
    record(arguments.output, checkpoint)


def golden_recordings():
    plain, mark = (torch.from_numpy(np.load(GOLDEN / f"{name}.npy").astype(np.float32))
                   for name in ("plain", "mark"))
    return plain, plain + mark


def levels(wave):
    """(1, 128, frames), as lib/src/watermark/watermark_frames.cpp makes them."""
    spectrum = torch.stft(wave, WINDOW, HOP, window=torch.hann_window(WINDOW),
                          return_complex=True)
    magnitudes = (spectrum[:BINS].abs() * (2048 / WINDOW)).clamp_min(1e-9)
    return ((20 * magnitudes.log10() + 180) / 195)[None]


def stretched(recording, speed):
    size = int(recording.shape[2] * speed)
    return F.interpolate(recording, size=size, mode="linear", align_corners=True)


def folded(tensor):
    """Weights (out, in, 7) with the taps over the future added to the tap over the present."""
    if tensor.dim() < 3 or tensor.shape[2] == 1:
        return tensor
    return torch.cat([tensor[:, :, :PAST], tensor[:, :, PAST:].sum(2, keepdim=True)], 2)


def moments_of(stack, scope, inputs, padding):
    """Second moments of what each convolution over time of `stack` hears, by its weight's name."""
    moments = {}
    for hidden in inputs:
        for layer in range(LAYERS):
            name = f"{scope}.{layer}.weight"
            taps = stack[name].shape[2]
            if taps > 1:
                hidden = F.pad(hidden, padding)
                # (in * taps, frames), in the order of a flattened row
                heard = hidden[0].unfold(1, taps, 1).permute(0, 2, 1).flatten(0, 1).double()
                moments[name] = moments.get(name, 0) + heard @ heard.T
            hidden = F.conv1d(hidden, stack[name], stack[f"{scope}.{layer}.bias"])
            if layer < LAYERS - 1:
                hidden = F.leaky_relu(hidden, SLOPE)
    return moments


def packaged_checkpoint():
    package = pathlib.Path(importlib.util.find_spec("perth").origin).parent
    licences = package.parent / f"resemble_perth-{VERSION}.dist-info" / "licenses" / "LICENSE"
    shutil.copyfile(licences, HERE / "watermark" / "LICENSE")
    return package / PACKAGED


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def record(output, checkpoint):
    manifest_path = HERE / "manifest.json"
    manifest = json.loads(manifest_path.read_text())
    files = sorted(output.glob("*.safetensors"))
    manifest["watermark"] = {
        "licence": "MIT",
        "origin": f"https://pypi.org/project/resemble-perth/{VERSION}/ {PACKAGED}",
        "origin_sha256": digest(checkpoint),
        "files": {f.name: {"bytes": f.stat().st_size, "sha256": digest(f)} for f in files},
    }
    manifest_path.write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
