# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Lists of tensors, kept short: names that differ in numbers alone share a line,
as in `tfmr.layers.[0-29].mlp.up_proj.weight`."""
import itertools
import json
import re
import struct


def read_header(path):
    """{name: (type, shape)} of a safetensors file."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {name: (entry["dtype"], tuple(entry["shape"])) for name, entry in header.items()}


def fold(shapes):
    """{pattern: shape} for {name: shape}."""
    groups = {}
    for name, shape in shapes.items():
        numbers = tuple(int(part) for part in name.split(".") if part.isdigit())
        blank = ".".join("#" if part.isdigit() else part for part in name.split("."))
        groups.setdefault((blank, tuple(shape)), set()).add(numbers)
    patterns = {}
    for (blank, shape), indices in groups.items():
        for ranges in _boxes(indices):
            pattern = blank
            for low, high in ranges:
                pattern = pattern.replace("#", str(low) if low == high else f"[{low}-{high}]", 1)
            patterns[pattern] = list(shape)
    return patterns


def unfold(patterns):
    """The inverse of fold()."""
    shapes = {}
    for pattern, shape in patterns.items():
        pieces = re.split(r"\[(\d+-\d+)\]", pattern)
        ranges = [range(int(a), int(b) + 1) for a, b in (r.split("-") for r in pieces[1::2])]
        for numbers in itertools.product(*ranges):
            name = pieces[0]
            for number, rest in zip(numbers, pieces[2::2]):
                name += f"{number}{rest}"
            shapes[name] = tuple(shape)
    return shapes


def _boxes(indices):
    """Ranges, one for each place, whose products make up `indices`."""
    places = list(zip(*indices))
    ranges = [(min(place), max(place)) for place in places]
    volume = 1
    for low, high in ranges:
        volume *= high - low + 1
    if volume == len(indices):
        return [ranges]
    # Split at the first number that is not the same everywhere.
    at = next(i for i, (low, high) in enumerate(ranges) if low != high)
    boxes = []
    for value in sorted(set(places[at])):
        boxes += _boxes({index for index in indices if index[at] == value})
    return boxes
