# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""T3: conditioning and text tokens to speech tokens, on a Llama backbone.

Sequence of one row: speaker, perceiver queries, emotion | text | two start-of-speech
embeddings at position 0 (upstream's inference puts it twice) | speech tokens from position 1.

One attention head may be told where to look: at speech positions it sees text only, and
training puts its weight on the phone being spoken (docs/design/alignment.md).
"""
import math

import torch
import torch.nn.functional as F
from torch import nn


class RmsNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


def llama3_rates(head_dim, theta, scaling):
    """Rotary rates with Llama 3's scaling of the slow ones; factor 1 leaves them all alone."""
    rates = theta ** (-torch.arange(0, head_dim, 2).float() / head_dim)
    waves = 2 * math.pi / rates
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    blend = (scaling["original_positions"] / waves - low) / (high - low)
    blend = blend.clamp(0, 1)   # 0: scaled fully, 1: left alone
    return rates * (blend + (1 - blend) / scaling["factor"])


def rotate(x, cos, sin):
    low, high = x.chunk(2, -1)
    return x * cos + torch.cat([-high, low], -1) * sin


class Attention(nn.Module):
    def __init__(self, hidden, heads, head_dim):
        super().__init__()
        self.heads, self.head_dim = heads, head_dim
        for name in ("q_proj", "k_proj", "v_proj"):
            setattr(self, name, nn.Linear(hidden, heads * head_dim, bias=False))
        self.o_proj = nn.Linear(heads * head_dim, hidden, bias=False)

    def forward(self, x, cos, sin, cache=None, guide=None):
        """x (B, T, hidden). `cache` is a list of keys and values, extended in place.

        `guide` is (head, allowed): that head may look only where `allowed` (B, T, keys) is
        true; rows that allow nothing keep the ordinary view. Returns the output and the
        guided head's scores.
        """
        split = lambda y: y.unflatten(-1, (self.heads, self.head_dim)).transpose(1, 2)
        q, k, v = (split(p(x)) for p in (self.q_proj, self.k_proj, self.v_proj))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            if cache:
                k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
            cache[:] = [k, v]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=q.shape[2] > 1)
        scores = None
        if guide is not None:
            head, allowed = guide
            scores = q[:, head] @ k[:, head].transpose(-1, -2) / math.sqrt(self.head_dim)
            scores = scores.masked_fill(~allowed, -1e9)
            seen = scores.softmax(-1) @ v[:, head]
            guided = torch.where(allowed.any(-1, keepdim=True), seen, y[:, head])
            y = torch.cat([y[:, :head], guided[:, None], y[:, head + 1:]], 1)
        return self.o_proj(y.transpose(1, 2).flatten(2)), scores


class Mlp(nn.Module):
    def __init__(self, hidden, intermediate):
        super().__init__()
        self.gate_proj = nn.Linear(hidden, intermediate, bias=False)
        self.up_proj = nn.Linear(hidden, intermediate, bias=False)
        self.down_proj = nn.Linear(intermediate, hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, hidden, heads, head_dim, intermediate, eps):
        super().__init__()
        self.self_attn = Attention(hidden, heads, head_dim)
        self.mlp = Mlp(hidden, intermediate)
        self.input_layernorm = RmsNorm(hidden, eps)
        self.post_attention_layernorm = RmsNorm(hidden, eps)

    def forward(self, x, cos, sin, cache=None, guide=None):
        y, scores = self.self_attn(self.input_layernorm(x), cos, sin, cache, guide)
        x = x + y
        return x + self.mlp(self.post_attention_layernorm(x)), scores


class Llama(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        # Unused, as upstream leaves it: inputs arrive as embeddings.
        self.embed_tokens = nn.Embedding(8, sizes["hidden"]).requires_grad_(False)
        self.layers = nn.ModuleList(
            Layer(sizes["hidden"], sizes["heads"], sizes["head_dim"], sizes["intermediate"],
                  sizes["rms_eps"]) for _ in range(sizes["layers"]))
        self.norm = RmsNorm(sizes["hidden"], sizes["rms_eps"])
        rates = llama3_rates(sizes["head_dim"], sizes["rope_theta"], sizes["rope_scaling"])
        self.register_buffer("rates", rates.repeat(2), persistent=False)
        self.alignment = sizes["alignment"]

    def forward(self, x, first=0, caches=None, allowed=None):
        """x (B, T, hidden) at positions `first`...; returns hidden states and guided scores."""
        angles = torch.arange(first, first + x.shape[1])[:, None] * self.rates
        cos, sin = angles.cos(), angles.sin()
        scores = None
        for i, layer in enumerate(self.layers):
            guided = allowed is not None and i == self.alignment["layer"]
            guide = (self.alignment["head"], allowed) if guided else None
            x, found = layer(x, cos, sin, caches[i] if caches else None, guide)
            scores = found if guided else scores
        return self.norm(x), scores


class PerceiverAttention(nn.Module):
    def __init__(self, hidden, heads):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(hidden)
        for name in ("to_q", "to_k", "to_v", "proj_out"):
            setattr(self, name, nn.Linear(hidden, hidden))

    def forward(self, x, seen):
        split = lambda y: y.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        normal, seen = self.norm(x), self.norm(seen)
        y = F.scaled_dot_product_attention(split(self.to_q(normal)), split(self.to_k(seen)),
                                           split(self.to_v(seen)))
        return x + self.proj_out(y.transpose(1, 2).flatten(2))


class Perceiver(nn.Module):
    """Any number of prompt embeddings to a fixed number of vectors."""

    def __init__(self, queries, hidden, heads):
        super().__init__()
        self.pre_attention_query = nn.Parameter(torch.randn(1, queries, hidden) * 0.5)
        self.attn = PerceiverAttention(hidden, heads)

    def forward(self, prompt):
        x = self.attn(self.pre_attention_query.expand(len(prompt), -1, -1), prompt)
        return self.attn(x, x)


class Conditioning(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        hidden = sizes["hidden"]
        self.spkr_enc = nn.Linear(sizes["speaker_embedding"], hidden)
        self.emotion_adv_fc = nn.Linear(1, hidden, bias=False)
        self.perceiver = Perceiver(sizes["perceiver_queries"], hidden, sizes["perceiver_heads"])

    def forward(self, speaker, prompt, emotion):
        """speaker (B, S), prompt embeddings (B, P, hidden), emotion (B,)"""
        return torch.cat([self.spkr_enc(speaker)[:, None], self.perceiver(prompt),
                          self.emotion_adv_fc(emotion[:, None, None])], 1)


class LearnedPositions(nn.Module):
    def __init__(self, positions, hidden):
        super().__init__()
        self.emb = nn.Embedding(positions, hidden)
        nn.init.normal_(self.emb.weight, std=0.005)


class T3(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes
        hidden = sizes["hidden"]
        self.tfmr = Llama(sizes)
        self.cond_enc = Conditioning(sizes)
        self.text_emb = nn.Embedding(sizes["text_vocab"], hidden)
        self.speech_emb = nn.Embedding(sizes["speech_vocab"], hidden)
        self.text_pos_emb = LearnedPositions(sizes["max_text_tokens"] + 2, hidden)
        self.speech_pos_emb = LearnedPositions(sizes["max_speech_tokens"] + 4, hidden)
        self.text_head = nn.Linear(hidden, sizes["text_vocab"], bias=False)
        self.speech_head = nn.Linear(hidden, sizes["speech_vocab"], bias=False)
        self._initialise(sizes["layers"])

    def _initialise(self, layers):
        for name, p in self.named_parameters():
            if p.dim() == 2 and "pos_emb" not in name:
                nn.init.normal_(p, std=0.02)
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers))

    @property
    def condition_length(self):
        return self.sizes["perceiver_queries"] + 2

    def condition(self, speaker, prompt, emotion):
        """prompt: speech tokens (B, P)."""
        places = self.speech_pos_emb.emb.weight[:prompt.shape[1]]
        return self.cond_enc(speaker, self.speech_emb(prompt) + places, emotion)

    def embed_text(self, text, keep):
        """text (B, N), keep (B,): rows not kept are the guidance's "no text" rows."""
        x = self.text_emb(text) * keep[:, None, None]
        return x + self.text_pos_emb.emb.weight[:text.shape[1]]

    def embed_speech(self, tokens, first):
        places = self.speech_pos_emb.emb.weight[first:first + tokens.shape[1]]
        return self.speech_emb(tokens) + places

    def start(self, rows):
        begin = torch.full((rows, 1), self.sizes["start_speech"])
        return self.embed_speech(begin, 0).expand(-1, 2, -1)
