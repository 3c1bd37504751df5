# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The parts of a model directory as checkpoints, to train them further.

What export.py leaves out (optimisers, heads that only training needs) begins anew.
"""
import argparse
import json
from pathlib import Path

import torch

import weights
from export import below


def parts(model):
    """Checkpoint name -> weights, as the training steps name them."""
    s3gen = weights.read(model / "s3gen.safetensors")
    return {"tokenizer": below("tokenizer.", s3gen, "tokenizer."),
            "xvector": below("speaker_encoder.", s3gen, "encoder."),
            "flow": {**below("flow.", s3gen, "flow."),
                     **below("mel2wav.f0_predictor.", s3gen, "f0_predictor.")},
            "hift": below("mel2wav.", s3gen, ""),
            "t3": weights.read(model / "t3_cfg.safetensors"),
            "ve": below("", weights.read(model / "ve.safetensors"), "encoder.")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "embedded")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    for name, tensors in parts(args.model).items():
        path = args.work / f"{name}.pt"
        if path.exists():
            print(f"{name}: there is a checkpoint already, left alone")
            continue
        torch.save({"model": tensors, "step": 0}, path)
        print(f"{name}: {len(tensors)} tensors")
    vocabulary = json.loads((args.model / "tokenizer.json").read_text())["model"]["vocab"]
    (args.work / "vocabulary.json").write_text(json.dumps(vocabulary))


if __name__ == "__main__":
    main()
