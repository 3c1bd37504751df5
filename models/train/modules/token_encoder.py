# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""S3Gen's token encoder: conformer without convolutions at 25 Hz, doubled to 50 Hz.

Attention may be limited to whole chunks: `groups` numbers the chunk of every token, and a
position sees its own chunk and all before it. Convolutions look back, except that the first
one looks three tokens ahead.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

LOOKAHEAD = 3   # tokens


def chunk_mask(groups):
    """(B, T) chunk numbers -> (B, T, T), true where row may look at column."""
    return groups[:, None, :] <= groups[:, :, None]


def relative_places(length, size):
    """Sinusoids of i - j from length - 1 down to -(length - 1): (2 length - 1, size)."""
    distance = torch.arange(length - 1, -length, -1).float()[:, None]
    rates = torch.exp(torch.arange(0, size, 2).float() * -(math.log(10000.0) / size))
    return torch.stack([torch.sin(distance * rates), torch.cos(distance * rates)], -1).flatten(1)


def by_distance(x):
    """(..., T, 2 T - 1) indexed by distance -> (..., T, T) indexed by key."""
    t = x.shape[-2]
    x = F.pad(x, (1, 0)).flatten(-2)[..., t:]
    return x.unflatten(-1, (t, 2 * t - 1))[..., :t]


class RelativeAttention(nn.Module):
    """Attention with relative positions as in Transformer-XL (arXiv:1901.02860)."""

    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        for name in ("linear_q", "linear_k", "linear_v", "linear_out"):
            setattr(self, name, nn.Linear(size, size))
        self.linear_pos = nn.Linear(size, size, bias=False)
        self.pos_bias_u = nn.Parameter(torch.zeros(heads, size // heads))
        self.pos_bias_v = nn.Parameter(torch.zeros(heads, size // heads))

    def forward(self, x, places, mask):
        split = lambda y: y.unflatten(-1, (self.heads, -1)).transpose(-3, -2)
        q, k, v = (split(p(x)) for p in (self.linear_q, self.linear_k, self.linear_v))
        p = split(self.linear_pos(places))
        scale = q.shape[-1] ** -0.5
        content = (q + self.pos_bias_u[:, None]) * scale
        place = by_distance((q + self.pos_bias_v[:, None]) @ p.transpose(-1, -2)) * scale
        if mask is not None:
            place = place.masked_fill(~mask[:, None], float("-inf"))
        y = F.scaled_dot_product_attention(content, k, v, attn_mask=place, scale=1.0)
        return self.linear_out(y.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, size, inner):
        super().__init__()
        self.w_1, self.w_2 = nn.Linear(size, inner), nn.Linear(inner, size)

    def forward(self, x):
        return self.w_2(F.silu(self.w_1(x)))


class EncoderLayer(nn.Module):
    def __init__(self, size, heads, ffn):
        super().__init__()
        self.self_attn = RelativeAttention(size, heads)
        self.feed_forward = FeedForward(size, ffn)
        self.norm_mha = nn.LayerNorm(size, eps=1e-12)
        self.norm_ff = nn.LayerNorm(size, eps=1e-12)

    def forward(self, x, places, mask):
        x = x + self.self_attn(self.norm_mha(x), places, mask)
        return x + self.feed_forward(self.norm_ff(x))


class Embed(nn.Module):
    """Projection in front of a stack; also scales by sqrt(size) for its positions."""

    def __init__(self, size):
        super().__init__()
        self.out = nn.Sequential(nn.Linear(size, size), nn.LayerNorm(size, eps=1e-5))

    def forward(self, x):
        return self.out(x) * math.sqrt(x.shape[-1])


class PreLookahead(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.conv1 = nn.Conv1d(size, size, LOOKAHEAD + 1)
        self.conv2 = nn.Conv1d(size, size, 3)

    def forward(self, x):
        y = F.leaky_relu(self.conv1(F.pad(x.transpose(1, 2), (0, LOOKAHEAD))))
        return x + self.conv2(F.pad(y, (2, 0))).transpose(1, 2)


class Upsample(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.conv = nn.Conv1d(size, size, 5)

    def forward(self, x):
        x = x.transpose(1, 2).repeat_interleave(2, dim=-1)
        return self.conv(F.pad(x, (4, 0))).transpose(1, 2)


class TokenEncoder(nn.Module):
    def __init__(self, size=512, heads=8, ffn=2048, blocks=6, up_blocks=4):
        super().__init__()
        layers = lambda count: nn.ModuleList(EncoderLayer(size, heads, ffn) for _ in range(count))
        self.embed = Embed(size)
        self.pre_lookahead_layer = PreLookahead(size)
        self.encoders = layers(blocks)
        self.up_layer = Upsample(size)
        self.up_embed = Embed(size)
        self.up_encoders = layers(up_blocks)
        self.after_norm = nn.LayerNorm(size, eps=1e-5)

    def forward(self, x, groups=None):
        """Embedded tokens (B, T, size), chunk numbers (B, T) or None -> (B, 2 T, size)"""
        x = self.pre_lookahead_layer(self.embed(x))
        x = self._run(self.encoders, x, groups)
        x = self.up_embed(self.up_layer(x))
        groups = None if groups is None else groups.repeat_interleave(2, 1)
        return self.after_norm(self._run(self.up_encoders, x, groups))

    @staticmethod
    def _run(layers, x, groups):
        places = relative_places(x.shape[1], x.shape[2])
        mask = None if groups is None else chunk_mask(groups)
        for layer in layers:
            x = layer(x, places, mask)
        return x
