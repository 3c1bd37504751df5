# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Keeps golden cases small: what another case has is named instead of kept, large arrays are kept
in part, and both sides compute the tables of a T3 on GPT-2.

golden.json then has
    model   the model's files by name: each a list of files, whose tensors, or the bytes of the only
            one, make it up; an object in the list names tensors to compute
            {"tensor": {"shape": [rows, columns], "seed": S, "scale": F}}
    stages  "file" where another case has the same, "stride" where every so many numbers are kept,
            and then the whole one's "shape"
and case.json has "inputs", which names the files of other cases. All are relative to the case.
"""
import json
import os

import numpy
import safetensors.torch
import torch

import weights as seeded

# Numbers that a stage keeps, about; waves are kept whole.
NUMBERS = 1500


def hashed(shape, seed, scale):
    """Whole numbers of -128 to 127, times `scale`, that follow from their place (SplitMix64)."""
    with numpy.errstate(over="ignore"):
        state = numpy.arange(1, numpy.prod(shape) + 1, dtype=numpy.uint64)
        state = state * numpy.uint64(0x9e3779b97f4a7c15) + numpy.uint64(seed)
        state = (state ^ (state >> numpy.uint64(30))) * numpy.uint64(0xbf58476d1ce4e5b9)
        state = (state ^ (state >> numpy.uint64(27))) * numpy.uint64(0x94d049bb133111eb)
        state = state ^ (state >> numpy.uint64(31))
    numbers = (state >> numpy.uint64(56)).astype(numpy.float32) - numpy.float32(128)
    return torch.from_numpy(numbers * numpy.float32(scale)).reshape(shape)


def adopt(checkpoint, english):
    """Puts English's weights into a model, where it has the like, and tables that are computed;
    returns {tensor: how it is computed}."""
    load = safetensors.torch.load_file
    checkpoint.voice_encoder.load_state_dict(load(english / "ve.safetensors"))
    checkpoint.s3gen.load_state_dict(load(english / "s3gen.safetensors"), strict=False)
    t3 = checkpoint.t3
    if not checkpoint.family.gpt2:
        t3.load_state_dict(load(english / "t3_cfg.safetensors"))
        return {}
    spread = 128 / 3 ** 0.5  # of such whole numbers
    head = seeded.LOGIT_SPREAD / t3.speech_head.weight.shape[1] ** 0.5
    sizes = {"speech_emb.weight": 0.7, "speech_head.weight": head, "text_emb.weight": 0.7,
             "text_head.weight": head, "tfmr.wpe.weight": 0.4, "tfmr.wte.weight": 0.7}
    tables = {}
    for at, (name, size) in enumerate(sizes.items()):
        table = t3.get_parameter(name)
        tables[name] = {"shape": list(table.shape), "seed": checkpoint.seed + at,
                        "scale": float(numpy.float32(size / spread))}
        table.copy_(hashed(**tables[name]))
    return tables


def reduce(case, others, tables, document):
    """Removes what `others` (directories) have from a case that is written, and says so in
    `document`, which becomes golden.json."""
    document["model"] = {path.name: _parts(path, case, others, tables)
                         for path in sorted((case / "model").iterdir())}
    _name_inputs(case, others)
    for name, stage in document["stages"].items():
        path = case / "upstream" / f"{name}.npy"
        same = _twin(path, [other / "upstream" / path.name for other in others])
        if same:
            path.unlink()
            stage["file"] = os.path.relpath(same, case)
            continue
        values = numpy.load(path)
        stride = values.size // NUMBERS
        if stride > 1 and not name.endswith(("wave", "tokens")):
            stage.update(stride=stride, shape=list(values.shape))
            numpy.save(path, values.flatten()[::stride])


def _parts(path, case, others, tables):
    own = os.path.relpath(path, case)
    if path.suffix != ".safetensors":
        same = _twin(path, [other / "model" / path.name for other in others])
        if same:
            path.unlink()
        return [os.path.relpath(same, case) if same else own]
    tensors = safetensors.torch.load_file(path)
    parts = []
    computed = {name: tables[name] for name in tables if name in tensors}
    for name in computed:
        del tensors[name]
    for other in others:
        for file in sorted((other / "model").glob("*.safetensors")):
            theirs = safetensors.torch.load_file(file)
            if theirs and all(name in tensors and torch.equal(tensors[name], value) and
                              tensors[name].dtype == value.dtype for name, value in theirs.items()):
                parts.append(os.path.relpath(file, case))
                tensors = {name: tensors[name] for name in tensors if name not in theirs}
    path.unlink()
    if tensors:
        safetensors.torch.save_file(tensors, path)
        parts.append(own)
    return parts + ([computed] if computed else [])


def _name_inputs(case, others):
    named = {}
    places = [case, *others]
    for path in sorted((case / "inputs").iterdir()):
        values = numpy.load(path)
        if numpy.array_equal(values.astype(numpy.float16), values):
            numpy.save(path, values.astype(numpy.float16))
        # Conversion may be given what speech is given.
        candidates = [place / "inputs" / name for place in places
                      for name in (path.name, path.name.replace("vc_", ""))]
        same = _twin(path, [other for other in candidates if other != path])
        if same:
            path.unlink()
            named[path.stem] = os.path.relpath(same, case)
    file = case / "case.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**document, "inputs": named}, indent=1, ensure_ascii=False) + "\n",
                    encoding="utf-8")


def _twin(path, candidates):
    data = path.read_bytes()
    return next((other for other in candidates
                 if other.is_file() and other.read_bytes() == data), None)
