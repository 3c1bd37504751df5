#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Checks a directory with the published Chatterbox files.

    models/verify.py DIR
        every tensor is there, has its shape, and no other is (needs Python alone)
    models/verify.py DIR --upstream CHECKOUT --reference WAV [--source WAV]
        and the library computes with them what upstream's Python computes
        (needs what tests/parity/README.md lists)
"""
import argparse
import json
import pathlib
import subprocess
import sys

import tensor_names

HERE = pathlib.Path(__file__).resolve().parent
SPECS = HERE / "specs"
PARTS = ("ve", "t3_cfg", "s3gen")
TYPES = ("F32", "BF16", "F16")
# Buffers that files may lack: they follow from the configuration.
OPTIONAL = {"tokenizer._mel_filters", "tokenizer.window"}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--upstream")
    parser.add_argument("--reference")
    parser.add_argument("--source")
    parser.add_argument("--build", default=str(HERE.parent / "build"))
    parser.add_argument("--record-specs", action="store_true",
                        help="write models/specs from this directory instead")
    arguments = parser.parse_args()
    if arguments.record_specs:
        return record(arguments.directory)
    faults = [fault for part in PARTS for fault in check(arguments.directory, part)]
    for name in ("tokenizer.json", "conds.pt"):
        if not (arguments.directory / name).is_file():
            faults.append(f"{name}: missing")
    print("\n".join(faults) if faults else "every tensor is there and has its shape")
    if faults or not arguments.upstream:
        return 1 if faults else 0
    command = [sys.executable, str(HERE.parent / "tests" / "parity" / "run.py"), "--size", "full",
               "--checkpoint", str(arguments.directory), "--upstream", arguments.upstream,
               "--reference", arguments.reference, "--build", arguments.build]
    if arguments.source:
        command += ["--source", arguments.source]
    return subprocess.run(command).returncode


def check(directory, part):
    path = directory / f"{part}.safetensors"
    if not path.is_file():
        return [f"{path.name}: missing"]
    expected = tensor_names.unfold(json.loads((SPECS / f"{part}.json").read_text()))
    found = tensor_names.read_header(path)
    faults = [f"{path.name}: {name}: missing" for name in expected
              if name not in found and name not in OPTIONAL]
    for name, (kind, shape) in found.items():
        if name not in expected:
            faults.append(f"{path.name}: {name}: not part of the model")
        elif shape != expected[name]:
            faults.append(f"{path.name}: {name}: expected shape {expected[name]}, got {shape}")
        elif kind not in TYPES and not name.endswith("num_batches_tracked"):
            faults.append(f"{path.name}: {name}: expected one of {TYPES}, got {kind}")
    return faults


def record(directory):
    SPECS.mkdir(exist_ok=True)
    for part in PARTS:
        header = tensor_names.read_header(directory / f"{part}.safetensors")
        shapes = {name: shape for name, (_, shape) in header.items()}
        patterns = tensor_names.fold(shapes)
        assert tensor_names.unfold(patterns) == shapes
        lines = [f'"{name}": {json.dumps(shape)}' for name, shape in sorted(patterns.items())]
        (SPECS / f"{part}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
