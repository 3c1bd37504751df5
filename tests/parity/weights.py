# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Seeded weights under which a comparison means something.

Every layer gets a variance that keeps activations near one, biases and norms
are never neutral (a forgotten bias must show), and the logits are spread so
that the likeliest token is not a coin toss.
"""
import math
import re
import zlib

import torch

LOGIT_SPREAD = 2.5
# Strides of HiFT's transposed convolutions.
UP_STRIDES = (8, 5, 3)

# Layers whose output is added to a residual stream: (pattern, gain).
GAINS = [
    (r"speech_head\.weight", LOGIT_SPREAD),
    (r"\.(o_proj|down_proj|c_proj)\.weight", 0.5),
    (r"encoders\.\d+\.(self_attn\.linear_out|feed_forward\.w_2)\.weight", 2.0),
    (r"attn1\.to_out\.0\.weight|ff\.net\.2\.weight", 0.5),
    (r"blocks\.\d+\.(attn\.out|mlp\.2)\.weight", 0.5),
    (r"fsmn_block\.weight", 0.5),
    (r"resblocks\.\d+\.convs2\.", 0.4),
    (r"m_source\.l_linear\.weight", 5.0),
    (r"source_downs\.", 0.7),
    (r"conv_post\.", 0.5),
    (r"condnet\.", 1.4),
    (r"speaker_encoder\..*weight", 1.4),
]


def generator(seed, name):
    return torch.Generator().manual_seed((seed * 1000003 + zlib.crc32(name.encode())) % (1 << 62))


def fill(module, seed, prefix):
    """Overwrites every parameter of `module` in place."""
    for name, parameter in module.named_parameters():
        full = prefix + name
        parameter.data.copy_(_draw(full, parameter.shape, generator(seed, full)))
        parameter.requires_grad_(False)


def _gain(name):
    for pattern, gain in GAINS:
        if re.search(pattern, name):
            return gain
    return 1.0


def _draw(name, shape, random):
    def normal(scale):
        return torch.randn(shape, generator=random) * scale

    if name.endswith("similarity_weight"):
        return torch.full(shape, 10.0)
    if name.endswith("similarity_bias"):
        return torch.full(shape, -5.0)
    if name.endswith("alpha"):
        return 1 + normal(0.2).abs()
    if re.search(r"(_emb|input_embedding|embed_tokens|wte)\.weight$", name):
        return normal(0.7)
    if re.search(r"(pos_emb\.emb|wpe)\.weight$", name):
        return normal(0.4)
    if name.endswith("pre_attention_query"):
        return normal(0.5)
    if re.search(r"pos_bias_[uv]$", name):
        return normal(0.3)
    if "parametrizations.weight" in name:
        return _weight_norm(name, shape, random)
    if name.endswith("l_linear.bias"):
        return normal(0.02)  # an offset in the source would drown its harmonics
    if len(shape) == 1:
        # Norm scales are the one-dimensional weights; all else is a bias.
        return 1 + normal(0.15) if name.endswith("weight") else normal(0.15)
    return normal(_gain(name) / math.sqrt(_fan_in(name, shape)))


def _fan_in(name, shape):
    # GPT-2's matrices are stored (in, out).
    return shape[0] if re.search(r"\.c_(attn|proj|fc)\.", name) else math.prod(shape[1:])


def _weight_norm(name, shape, random):
    # original0: length of each slice; original1: its direction, of any length.
    if name.endswith("original1"):
        return torch.randn(shape, generator=random) * 0.3
    length = _gain(name)
    up = re.search(r"\.ups\.(\d+)\.", name)
    if up:  # half the channels come out, each input is heard at `stride` places
        length *= math.sqrt(UP_STRIDES[int(up.group(1))] / 2)
    return length * (1 + 0.1 * torch.randn(shape, generator=random)).abs()
