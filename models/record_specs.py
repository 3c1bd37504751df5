#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Writes models/specs: names and shapes of the tensors of upstream's modules.

    models/record_specs.py --upstream CHECKOUT
"""
import argparse
import json
import pathlib
import sys

import tensor_names

HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--upstream", required=True)
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE.parent / "tests" / "parity"))
    import torch
    import families
    import upstream
    up = upstream.load(arguments.upstream)
    parts = {}
    with torch.device("meta"):
        for family in families.FAMILIES.values():
            modules = upstream.build(up, family, None)
            parts[family.name] = [{name: tuple(tensor.shape)
                                   for name, tensor in module.state_dict().items()}
                                  for module in modules]
    voice_encoder, english, s3gen = parts["english"]
    s3gen.pop("tokenizer.window")  # the published file has none
    write("ve", voice_encoder)
    write("t3_cfg", english)
    write("s3gen", s3gen)
    write("t3_turbo_v1", parts["turbo"][1])
    write("t3_nano_v1", parts["nano"][1])
    write("t3_mtl23ls", beyond(parts["multilingual"][1], english))
    write("s3gen_meanflow", beyond(parts["turbo"][2], s3gen))


def beyond(shapes, others):
    """What differs from `others`, on which a specification of few lines is laid."""
    assert set(others) <= set(shapes)
    return {name: shape for name, shape in shapes.items() if others.get(name) != shape}


def write(name, shapes):
    patterns = tensor_names.fold(shapes)
    assert tensor_names.unfold(patterns) == shapes
    lines = [f'"{pattern}": {json.dumps(shape)}' for pattern, shape in sorted(patterns.items())]
    (HERE / "specs" / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
