# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""S3 tokenizer v2: 16 kHz speech to 25 tokens/s (encoder with FSMN memory, scalar quantiser).

Training needs what upstream leaves out: gradients through the rounding, see `rounded`.
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

    def forward(self, x, table, live=None):
        split = lambda y: y.unflatten(-1, (self.heads, HEAD_DIM)).transpose(1, 2)
        value = self.value(x)
        query, key = rotate(split(self.query(x)), table), rotate(split(self.key(x)), table)
        seen = F.scaled_dot_product_attention(query, key, split(value),
                                              attn_mask=live and live.seen)
        return self.out(seen.transpose(1, 2).flatten(2)) + self._memory(value, live) + value

    def _memory(self, value, live):
        if live is None:
            return self.fsmn_block(value.transpose(1, 2)).transpose(1, 2)
        before = F.pad(value, (0, 0, 0, 1))[:, live.before]   # the last row: nothing was heard
        near = torch.cat([before, value.unflatten(1, (live.blocks, live.size))], 2).flatten(0, 1)
        near = F.pad(near.transpose(1, 2), (0, MEMORY_KERNEL // 2))
        memory = F.conv1d(near, self.fsmn_block.weight, groups=near.shape[1])
        return memory.transpose(1, 2).reshape(value.shape)


class Block(nn.Module):
    def __init__(self, state, heads):
        super().__init__()
        self.attn = MemoryAttention(state, heads)
        self.attn_ln = nn.LayerNorm(state, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(state, 4 * state), nn.GELU(),
                                 nn.Linear(4 * state, state))
        self.mlp_ln = nn.LayerNorm(state)

    def forward(self, x, table, live=None):
        x = x + self.attn(self.attn_ln(x), table, live)
        return x + self.mlp(self.mlp_ln(x))


class Live:
    """What each token can know of speech that is heard as it comes: `chunk` tokens at a time
    with `ahead` after them, which are heard once more as a part of the next chunk. A row of
    tokens is laid out as `blocks` of chunk + ahead; earlier blocks are known by their chunks."""

    def __init__(self, blocks, chunk, ahead):
        self.blocks, self.chunk, self.size = blocks, chunk, chunk + ahead
        block = torch.arange(blocks).repeat_interleave(self.size)
        place = torch.arange(self.size).repeat(blocks)
        self.at = block * chunk + place            # which token of the row, (positions,)
        self.settled = place < chunk               # neither will be heard once more
        self.seen = (block == block[:, None]) | ((block < block[:, None]) & self.settled)
        token = torch.arange(blocks)[:, None] * chunk - MEMORY_KERNEL // 2
        token = token + torch.arange(MEMORY_KERNEL // 2)
        self.before = torch.where(   # where each block finds the tokens before it
            token < 0, blocks * self.size, token // chunk * self.size + token % chunk)

    def frames(self, mel):
        """Log mel (B, mels, 4 T) -> each block's, one token earlier on, (B blocks, mels, ...)"""
        mel = F.pad(mel, (4, 0)).unfold(2, 4 * (self.size + 1), 4 * self.chunk)
        return mel[:, :, :self.blocks].transpose(1, 2).flatten(0, 1)

    def from_nothing(self, x):
        """Nothing was before the first block: (B blocks, C, 2 (1 + size)), the same."""
        before = torch.arange(x.shape[-1]) < 2
        first = torch.arange(len(x)) % self.blocks == 0
        return x.masked_fill((first[:, None] & before)[:, None], 0.0)


class Encoder(nn.Module):
    def __init__(self, mels, state, heads, layers):
        super().__init__()
        self.conv1 = nn.Conv1d(mels, state, 3, stride=2, padding=1)
        self.conv2 = nn.Conv1d(state, state, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(state, heads) for _ in range(layers))

    def forward(self, mel, live=None):
        """(B, mels, 4 T) -> (B, T, state), or (B, positions of `live`, state)"""
        x = F.gelu(self.conv1(mel if live is None else live.frames(mel)))
        x = F.gelu(self.conv2(x if live is None else live.from_nothing(x))).transpose(1, 2)
        table = rotary_table(mel.shape[-1] // 4)
        if live is not None:
            x = x[:, 1:].reshape(len(mel), -1, x.shape[-1])
            table = tuple(t[live.at] for t in table)
        for block in self.blocks:
            x = block(x, table, live)
        return x


def rounded(soft):
    """Levels in {-1, 0, 1} (B, T, dims); their gradient passes straight through."""
    return soft + (soft.round() - soft).detach()


class Codebook(nn.Module):
    def __init__(self, state, dims):
        super().__init__()
        self.project_down = nn.Linear(state, dims)
        self.register_buffer("powers", 3 ** torch.arange(dims), persistent=False)

    def forward(self, x):
        """(B, T, state) -> levels before they are rounded (B, T, dims)"""
        return torch.tanh(self.project_down(x)) * TANH_SCALE

    def codes(self, levels):
        return ((levels.detach().round().long() + 1) * self.powers).sum(-1)

    def levels(self, codes):
        return (codes[..., None] // self.powers % 3 - 1).float()


class Quantizer(nn.Module):
    def __init__(self, state, dims):
        super().__init__()
        self._codebook = Codebook(state, dims)


class S3Tokenizer(nn.Module):
    def __init__(self, mels=128, state=1280, heads=20, layers=6, codebook_dims=8):
        super().__init__()
        self.encoder = Encoder(mels, state, heads, layers)
        self.quantizer = Quantizer(state, codebook_dims)

    def soft(self, mel, live=None):
        """Log mel (B, mels, 4 T) -> levels before they are rounded (B, T, dims); heard as a
        whole, or in `live` = (tokens at a time, tokens after them)."""
        project = self.quantizer._codebook
        if live is None:
            return project(self.encoder(mel))
        chunk, ahead = live
        tokens = mel.shape[-1] // 4
        blocks = -(-tokens // chunk)
        silence = mel.amin((1, 2), keepdim=True).expand(
            -1, mel.shape[1], 4 * (blocks * chunk + ahead - tokens))
        how = Live(blocks, chunk, ahead)
        heard = self.encoder(torch.cat([mel, silence], -1), how)
        return project(heard[:, how.settled][:, :tokens])

    def forward(self, mel, live=None):
        """As `soft`: levels (B, T, dims) and codes (B, T)."""
        levels = rounded(self.soft(mel, live))
        return levels, self.quantizer._codebook.codes(levels)
