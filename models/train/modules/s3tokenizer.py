# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""S3 tokenizer v2: 16 kHz speech to 25 tokens/s (encoder with FSMN memory, scalar quantiser).

Training needs what upstream leaves out: gradients through the rounding, see `Quantizer`.
"""
import torch
import torch.nn.functional as F
from torch import nn

HEAD_DIM = 64        # the rotary table is made for this size
MEMORY_KERNEL = 31
TANH_SCALE = 0.9990000128746033


def rotary_table(positions, theta=10000.0):
    """cos and sin, each (positions, HEAD_DIM), halves repeated."""
    rates = theta ** (-torch.arange(0, HEAD_DIM, 2).float() / HEAD_DIM)
    angles = torch.outer(torch.arange(positions).float(), rates)
    angles = torch.cat([angles, angles], -1)
    return angles.cos(), angles.sin()


def rotate(x, table):
    """x (..., T, HEAD_DIM), first half paired with second half."""
    cos, sin = table
    low, high = x.chunk(2, -1)
    return x * cos + torch.cat([-high, low], -1) * sin


class MemoryAttention(nn.Module):
    """Self-attention plus a depthwise convolution over the values (FSMN)."""

    def __init__(self, state, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(state, state)
        self.key = nn.Linear(state, state, bias=False)
        self.value = nn.Linear(state, state)
        self.out = nn.Linear(state, state)
        self.fsmn_block = nn.Conv1d(state, state, MEMORY_KERNEL, padding=MEMORY_KERNEL // 2,
                                    groups=state, bias=False)

    def forward(self, x, table):
        split = lambda y: y.unflatten(-1, (self.heads, HEAD_DIM)).transpose(1, 2)
        value = self.value(x)
        memory = self.fsmn_block(value.transpose(1, 2)).transpose(1, 2) + value
        query, key = rotate(split(self.query(x)), table), rotate(split(self.key(x)), table)
        seen = F.scaled_dot_product_attention(query, key, split(value))
        return self.out(seen.transpose(1, 2).flatten(2)) + memory


class Block(nn.Module):
    def __init__(self, state, heads):
        super().__init__()
        self.attn = MemoryAttention(state, heads)
        self.attn_ln = nn.LayerNorm(state, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(state, 4 * state), nn.GELU(),
                                 nn.Linear(4 * state, state))
        self.mlp_ln = nn.LayerNorm(state)

    def forward(self, x, table):
        x = x + self.attn(self.attn_ln(x), table)
        return x + self.mlp(self.mlp_ln(x))


class Encoder(nn.Module):
    def __init__(self, mels, state, heads, layers):
        super().__init__()
        self.conv1 = nn.Conv1d(mels, state, 3, stride=2, padding=1)
        self.conv2 = nn.Conv1d(state, state, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(state, heads) for _ in range(layers))

    def forward(self, mel):
        """(B, mels, 4 T) -> (B, T, state)"""
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2)
        table = rotary_table(x.shape[1])
        for block in self.blocks:
            x = block(x, table)
        return x


class Codebook(nn.Module):
    def __init__(self, state, dims):
        super().__init__()
        self.project_down = nn.Linear(state, dims)
        self.register_buffer("powers", 3 ** torch.arange(dims), persistent=False)

    def forward(self, x):
        """(B, T, state) -> levels in {-1, 0, 1} (B, T, dims) and codes (B, T).

        Rounding passes its gradient straight through.
        """
        soft = torch.tanh(self.project_down(x)) * TANH_SCALE
        levels = soft + (soft.round() - soft).detach()
        return levels, ((levels.detach().round().long() + 1) * self.powers).sum(-1)

    def levels(self, codes):
        return (codes[..., None] // self.powers % 3 - 1).float()


class Quantizer(nn.Module):
    def __init__(self, state, dims):
        super().__init__()
        self._codebook = Codebook(state, dims)

    def forward(self, x):
        return self._codebook(x)


class S3Tokenizer(nn.Module):
    def __init__(self, mels=128, state=1280, heads=20, layers=6, codebook_dims=8):
        super().__init__()
        self.encoder = Encoder(mels, state, heads, layers)
        self.quantizer = Quantizer(state, codebook_dims)

    def forward(self, mel):
        """Log mel (B, mels, 4 T) -> levels (B, T, dims), codes (B, T)."""
        return self.quantizer(self.encoder(mel))
