# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The mean of the weights of two checkpoints of one training, which is steadier than either.

    mean.py EARLIER.pt LATER.pt OUT.pt
"""
import argparse
from pathlib import Path

import torch


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("earlier", type=Path)
    parser.add_argument("later", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    a, b = (torch.load(path, map_location="cpu", weights_only=False)
            for path in (args.earlier, args.later))
    if a["model"].keys() != b["model"].keys():
        raise SystemExit(f"expected {args.later} to have the tensors of {args.earlier}; "
                         f"only in one: {sorted(a['model'].keys() ^ b['model'].keys())[:5]}")
    mean = {name: (value.float() + b["model"][name].float()) / 2
            for name, value in a["model"].items()}
    torch.save({"model": mean, "optimizer": None, "step": b["step"]}, args.out)


if __name__ == "__main__":
    main()
