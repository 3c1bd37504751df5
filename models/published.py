# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""What the published files are: published.json, by the hub's listings at the revisions it names,
and the tensors of each file, by models/specs."""
import hashlib
import json
import pathlib

import tensor_names

HERE = pathlib.Path(__file__).resolve().parent
_DOCUMENT = json.loads((HERE / "published.json").read_text())
REVISIONS, FAMILIES, FILES = (_DOCUMENT[key] for key in ("revisions", "families", "files"))


def tensors(name):
    """{tensor: shape} of a published .safetensors file; of two specifications the later holds."""
    shapes = {}
    for spec in FILES[name]["specs"]:
        shapes.update(tensor_names.unfold(json.loads((HERE / "specs" / f"{spec}.json").read_text())))
    return shapes


def families_in(directory):
    """The families whose T3 is there."""
    return [name for name, family in FAMILIES.items()
            if any((directory / t3).is_file() for t3 in family["t3"])]


def files_of(family, directory):
    """The names of a family's files: with the newest of its T3 that is there."""
    family = FAMILIES[family]
    t3 = next((name for name in family["t3"] if (directory / name).is_file()), family["t3"][0])
    return [t3, *family["others"]]


def origin(path):
    """"repository at revision" of which the file is an untouched copy, or None."""
    versions = FILES.get(path.name, {}).get("versions", {})
    if path.stat().st_size not in (size for size, _ in versions.values()):
        return None
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    for repository, (_, known) in versions.items():
        if digest.hexdigest() == known:
            return f"{repository} at {REVISIONS[repository][:8]}"
    return None
