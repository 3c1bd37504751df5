#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Directories as they come from the hub, with nothing in the files but their headers: the published
names, types, shapes and sizes, and zeros that take no room on a file system with sparse files.

    tests/parity/sparse.py OUT [english|turbo|nano|multilingual-v2|multilingual-v3]...

Needs Python alone. published_test.py loads what this makes.
"""
import argparse
import json
import math
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "models")]
import english_bpe  # noqa: E402
import gpt2_bpe  # noqa: E402
import multilingual_bpe  # noqa: E402
import published  # noqa: E402

LAYOUTS = ("english", "turbo", "nano", "multilingual-v2", "multilingual-v3")
ITEM_BYTES = {"F32": 4, "I64": 8}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("layouts", nargs="*", metavar="LAYOUT")
    arguments = parser.parse_args()
    for layout in arguments.layouts or LAYOUTS:
        print(make(arguments.out / layout, layout))


def make(directory, layout):
    """Writes one layout, without conds.pt; returns its directory."""
    directory.mkdir(parents=True, exist_ok=True)
    family, _, version = layout.partition("-")
    t3 = f"t3_mtl23ls_{version}.safetensors" if version else published.FAMILIES[family]["t3"][0]
    for name in (t3, *published.FAMILIES[family]["others"]):
        if name.endswith(".safetensors"):
            write(directory / name)
    if family in ("turbo", "nano"):
        gpt2_bpe.save(directory, learnt=False)
    elif family == "multilingual":
        multilingual_bpe.save(directory)
    else:
        (directory / "tokenizer.json").write_text(json.dumps(english_bpe.make()), encoding="utf-8")
    return directory


def write(path):
    """A file of the published length whose header says what the published one holds."""
    length, _ = next(iter(published.FILES[path.name]["versions"].values()))
    header, data = _header(published.tensors(path.name))
    text = _padded(header)
    missing = length - 8 - len(text) - data
    if missing:
        # A published header that is longer: what it says besides is not known.
        room = missing - len('"__metadata__":{"":""},')
        text = _padded({"__metadata__": {"": "-" * room}, **header})
    if 8 + len(text) + data != length:
        raise ValueError(f"{path.name}: expected {length} bytes, got {8 + len(text) + data}")
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(length)


def _header(shapes):
    """(entries, bytes of data) in the order in which safetensors writes: larger types first."""
    kinds = {name: "I64" if name.endswith("num_batches_tracked") else "F32" for name in shapes}
    header, at = {}, 0
    for name in sorted(shapes, key=lambda name: (-ITEM_BYTES[kinds[name]], name)):
        end = at + ITEM_BYTES[kinds[name]] * math.prod(shapes[name])
        header[name] = {"dtype": kinds[name], "shape": shapes[name], "data_offsets": [at, end]}
        at = end
    return header, at


def _padded(header):
    text = json.dumps(header, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)


if __name__ == "__main__":
    main()
