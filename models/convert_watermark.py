#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Converts the implicit PerTh net of PyPI's resemble-perth into models/watermark.

    models/convert_watermark.py [--checkpoint FILE] [--output DIR] [--dtype float16]

Without --checkpoint the one inside the installed package is taken. Needs torch,
numpy and safetensors. Writes encoder.safetensors and decoder.safetensors and
their entry in models/manifest.json; running it again gives the same bytes.
"""
import argparse
import hashlib
import importlib.util
import json
import pathlib
import shutil

import torch
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).resolve().parent
PACKAGED = "perth_net/pretrained/implicit/perth_net_250000.pth.tar"
VERSION = "1.0.1"
# Upstream's names of the stacks -> ours, by file.
STACKS = {
    "encoder": {"encoder.layers": "layers"},
    "decoder": {f"decoder.{branch}_layers": branch for branch in ("slow", "normal", "fast")},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "watermark")
    parser.add_argument("--dtype", choices=("float16", "float32"), default="float16")
    arguments = parser.parse_args()
    checkpoint = arguments.checkpoint or packaged_checkpoint()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["model"]
    arguments.output.mkdir(parents=True, exist_ok=True)
    left = {name for name in state if name.startswith(("encoder.", "decoder."))}
    for part, stacks in STACKS.items():
        tensors = {}
        for name in sorted(left):
            stack = next((s for s in stacks if name.startswith(s + ".")), None)
            if stack:
                # "encoder.layers.3.conv.weight" -> "layers.3.weight"
                ours = stacks[stack] + name[len(stack):].replace(".conv.", ".")
                tensors[ours] = state[name].numpy().astype(arguments.dtype)
                left = left - {name}
        save_file(tensors, arguments.output / f"{part}.safetensors")
    assert not left, f"tensors that no file takes: {sorted(left)}"
    record(arguments.output, checkpoint)


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
