#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Checks a directory with the published Chatterbox files.

    models/verify.py DIR [--family english|turbo|nano|multilingual]
        every file is there and is what its name says, every tensor has its shape, and no other is
        there; says whether these are the published files, by size and SHA-256 (Python alone)
    models/verify.py DIR --upstream CHECKOUT --reference WAV [--source WAV]
        and the library computes with them what upstream's Python computes
        (needs what tests/parity/README.md lists)
"""
import argparse
import pathlib
import subprocess
import sys

import published
import tensor_names

HERE = pathlib.Path(__file__).resolve().parent
TYPES = ("F32", "BF16", "F16")
# Buffers that files may lack or have: they follow from the configuration.
OPTIONAL = {"tokenizer._mel_filters": (128, 201), "tokenizer.window": (400,)}
MOST_FAULTS = 20  # that are printed
LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--family", choices=published.FAMILIES,
                        help="where the files of several are there; else the first of them")
    parser.add_argument("--upstream")
    parser.add_argument("--reference")
    parser.add_argument("--source")
    parser.add_argument("--build", default=str(HERE.parent / "build"))
    arguments = parser.parse_args()
    directory = arguments.directory
    there = published.families_in(directory)
    if not (arguments.family or there):
        names = [name for family in published.FAMILIES.values() for name in family["t3"]]
        print(f"{directory}: expected one of {', '.join(names)}, found none")
        return 1
    family = arguments.family or there[0]
    paths = [directory / name for name in published.files_of(family, directory)]
    faults = [fault for path in paths for fault in check(path, family)]
    print(f"{family}: " + (f"{len(faults)} faults" if faults else
                           "every tensor is there and has its shape"))
    for fault in faults[:MOST_FAULTS]:
        print(fault)
    print(provenance([path for path in paths if path.is_file()]))
    if faults or not arguments.upstream:
        return 1 if faults else 0
    command = [sys.executable, str(HERE.parent / "tests" / "parity" / "run.py"), "--size", "full",
               "--family", family, "--checkpoint", str(directory), "--upstream",
               arguments.upstream, "--reference", arguments.reference, "--build", arguments.build]
    if arguments.source:
        command += ["--source", arguments.source]
    return subprocess.run(command).returncode


def check(path, family):
    """What is wrong with one of a family's files."""
    if not path.is_file():
        return [f"{path.name}: missing, {absence(path, family)}"]
    with open(path, "rb") as file:
        start = file.read(64)
    if start.startswith(LFS_POINTER):
        return [f"{path.name}: a Git LFS pointer, not the file itself: run \"git lfs pull\", or "
                "download the file from the hub"]
    if path.suffix == ".pt" and not start.startswith(b"PK"):
        return [f"{path.name}: expected a zip archive, as torch.save writes since 1.6, got "
                f"{'an older pickle' if start[:1] == bytes([0x80]) else 'something else'}: load it "
                "with torch.load and save it again"]
    if path.suffix != ".safetensors":
        return []
    try:
        found = tensor_names.read_header(path)
    except (ValueError, OSError, MemoryError, OverflowError, tensor_names.struct.error):
        is_pickle = start[:1] == bytes([0x80]) or start.startswith(b"PK")
        return [f"{path.name}: expected safetensors, got "
                f"{'what torch.save writes' if is_pickle else 'something else'}"]
    return tensor_faults(path.name, found)


def absence(path, family):
    """What a missing file belongs to, and what there is in its stead."""
    repository = published.FAMILIES[family]["repository"]
    pickle = path.with_suffix(".pt")
    if path.suffix == ".safetensors" and pickle.is_file():
        return f"{pickle.name} is there, but only {path.name} of {repository} is read"
    others = [name for name in published.FILES
              if name.startswith("s3gen") and (path.parent / name).is_file()]
    if path.name.startswith("s3gen") and others:
        return f"{family} needs it, and {others[0]}, which is there, belongs to another model"
    return f"part of {repository}"


def tensor_faults(file_name, found):
    expected = published.tensors(file_name)
    faults = [f"{file_name}: {name}: missing" for name in expected
              if name not in found and name not in OPTIONAL]
    expected = {**OPTIONAL, **expected} if file_name.startswith("s3gen") else expected
    for name, (kind, shape) in found.items():
        if name not in expected:
            faults.append(f"{file_name}: {name}: not part of the model")
        elif shape != expected[name]:
            faults.append(f"{file_name}: {name}: expected shape {expected[name]}, got {shape}")
        elif kind not in TYPES and not name.endswith("num_batches_tracked"):
            faults.append(f"{file_name}: {name}: expected one of {TYPES}, got {kind}")
    return faults


def provenance(paths):
    """Whether these are the published files. Of some the listings give no digest."""
    origins = {path.name: published.origin(path) for path in paths}
    known = [name for name in origins if name in published.FILES]
    others = [name for name in known if not origins[name]]
    unknown = [name for name in origins if name not in known]
    if not known:
        told = "none of the published files is there"
    elif not others:
        told = "these are the published files: " + ", ".join(
            f"{name} ({origins[name]})" for name in known)
    else:
        told = "not the published files, by size or SHA-256: " + ", ".join(others)
    return told + (f"; no digest is known of {', '.join(unknown)}" if unknown else "")


if __name__ == "__main__":
    sys.exit(main())
