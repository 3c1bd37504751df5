# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Weights as rows of int8 with a scale for each (docs/design/model-files.md).

    tensors = int8.stored(state, rows=lambda name, tensor: tensor.dim() > 1)

gives what safetensors.torch.save_file writes and the library's loader takes back. Where it is
known what a layer hears, round_with_feedback() rounds its rows so that what the layer says
changes least.
"""
import torch

LIMIT = 127
SUFFIX = ".scale"
FINENESS = 31  # scales that are tried for a row


def stored(state, rows, moments=None):
    """`state` for a file: int8 where `rows(name, tensor)` says so, else float16.

    moments: of some names, the second moments (inputs, inputs) of what their rows are multiplied
    by; inputs in the order of a flattened row.
    """
    tensors = {}
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            tensors[name] = tensor.contiguous().clone()
        elif not rows(name, tensor):
            tensors[name] = tensor.half().contiguous().clone()
        else:
            flat = tensor.detach().reshape(tensor.shape[0], -1).double()
            if moments and name in moments:
                codes, scale = round_with_feedback(flat, moments[name])
            else:
                scale = best_scale(flat)
                codes = rounded(flat, scale)
            tensors[name] = codes.to(torch.int8).reshape(tensor.shape).contiguous()
            tensors[name + SUFFIX] = scale.flatten().float()
    return tensors


def restored(tensors):
    """What the library reads from a file of such tensors."""
    state = {}
    for name, tensor in tensors.items():
        if name.endswith(SUFFIX) and tensors.get(name[:-len(SUFFIX)], tensor).dtype == torch.int8:
            continue
        if tensor.dtype == torch.int8:
            scale = tensors[name + SUFFIX].float()
            state[name] = tensor.float() * scale.view(-1, *[1] * (tensor.dim() - 1))
        else:
            state[name] = tensor.float() if tensor.is_floating_point() else tensor
    return state


def rounded(flat, scale):
    return (flat / scale).round().clamp(-LIMIT, LIMIT)


def best_scale(flat):
    """(rows, 1): of the scales below the one that reaches the largest weight, the one with the
    least squared error. A row of zeros has 1."""
    largest = flat.abs().amax(1, keepdim=True) / LIMIT
    largest[largest == 0] = 1
    best, least = largest.clone(), torch.full_like(largest, torch.inf)
    for step in range(FINENESS):
        scale = largest * (1 - 0.6 * step / (FINENESS - 1))
        error = (rounded(flat, scale) * scale - flat).square().sum(1, keepdim=True)
        best = torch.where(error < least, scale, best)
        least = torch.minimum(error, least)
    # The file holds float32: round to what is read back.
    return best.float().double()


def round_with_feedback(flat, moments, damping=0.01):
    """Codes and scale of rows that are multiplied by inputs with these second moments: the error
    of each column is made up for by those after it (GPTQ, Frantar et al., arXiv 2210.17323)."""
    left, scale = flat.clone(), best_scale(flat)
    moments = moments.double() + damping * moments.diagonal().mean() * torch.eye(len(moments))
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(moments))
    spread = torch.linalg.cholesky(inverse, upper=True)
    codes = torch.zeros_like(left)
    for column in range(left.shape[1]):
        codes[:, column:column + 1] = rounded(left[:, column:column + 1], scale)
        error = left[:, column] - codes[:, column] * scale[:, 0]
        left[:, column:] -= torch.outer(error / spread[column, column], spread[column, column:])
    return codes, scale
