# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Files of weights: matrices as rows of int8 (../int8.py), the rest float16."""
import sys
from pathlib import Path

from safetensors.torch import load_file, save_file

sys.path.append(str(Path(__file__).parents[1]))
import int8

SMALLEST = 4096   # numbers in a matrix that is worth it
# The vocoder's noise would be heard; the speaker encoders are small and their answers compared.
EXACT = ("mel2wav.", "speaker_encoder.", "lstm.", "proj.")


def write(state, path):
    rows = lambda name, tensor: (tensor.dim() > 1 and tensor.numel() >= SMALLEST
                                 and not name.startswith(EXACT))
    save_file(int8.stored(state, rows), path)


def read(path):
    """Name to float32 tensor."""
    return int8.restored(load_file(path))
