# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Speech tokens from T3, one after the other: guidance, alignment window, sampling.

The same rules as in the engine; docs/design/alignment.md describes the window.
"""
from dataclasses import dataclass

import torch


@dataclass
class Options:
    temperature: float = 0.6
    cfg_weight: float = 0.3
    repetition_penalty: float = 1.0
    min_p: float = 0.05
    top_p: float = 1.0


class Window:
    """Where the guided head may look; moves with its peak. Position 0 is the first symbol."""

    def __init__(self, length, rule):
        self.length, self.rule = length, rule
        self.peak = self.furthest = self.stayed = 0

    def range(self):
        rule, at, low = self.rule, self.peak, self.peak - self.rule["back"]
        if rule["max_stay"] and self.stayed >= rule["max_stay"]:
            at, low = self.furthest, self.furthest + 1
        last = self.length - 1
        return min(max(low, 0), last), min(at + rule["ahead"], last)

    def move(self, peak):
        self.peak = peak
        self.stayed = 1 if peak > self.furthest else self.stayed + 1
        self.furthest = max(peak, self.furthest)

    @property
    def may_end(self):
        return self.peak >= self.length - 2

    @property
    def must_end(self):
        stuck = self.rule["max_stay"] and self.stayed > self.rule["max_stay"]
        return stuck and self.furthest == self.length - 1


def choose(logits, seen, options):
    """One token from logits (vocab,)."""
    if options.repetition_penalty != 1.0:
        past = torch.unique(torch.tensor(seen))
        old = logits[past]
        penalty = options.repetition_penalty
        logits[past] = torch.where(old < 0, old * penalty, old / penalty)
    if options.temperature <= 0:
        return int(logits.argmax())
    share = (logits / options.temperature).softmax(-1)
    share[share < options.min_p * share.max()] = 0
    if options.top_p < 1.0:
        ordered, index = share.sort()
        share[index[(ordered / share.sum()).cumsum(-1) <= 1 - options.top_p]] = 0
    return int(torch.multinomial(share, 1))


@torch.inference_mode()
def generate(model, speaker, prompt, emotion, text, options, most=1000):
    """text: ids with start and stop. Returns speech tokens and whether an end was chosen."""
    sizes = model.sizes
    rows = 2 if options.cfg_weight > 0 else 1
    keep = torch.tensor([1.0, 0.0][:rows])
    condition = model.condition(speaker[None], prompt[None], torch.tensor([emotion]))
    text = torch.tensor(text)[None].expand(rows, -1)
    x = torch.cat([condition.expand(rows, -1, -1), model.embed_text(text, keep)], 1)
    first, n = model.condition_length + 1, text.shape[1] - 2
    window = Window(n, sizes["alignment"])
    caches = [[] for _ in range(sizes["layers"])]
    _, place = model.tfmr(x, 0, caches), x.shape[1]
    start = model.start(rows)
    tokens, seen, inputs = [], [sizes["start_speech"]], [start[:, :1], start[:, 1:]]
    while len(tokens) < most and not window.must_end:
        for x in inputs:
            low, high = window.range()
            allowed = torch.zeros(rows, 1, place + 1, dtype=torch.bool)
            allowed[0, :, first + low:first + high + 1] = True
            hidden, scores = model.tfmr(x, place, caches, allowed)
            place += 1
            window.move(int(scores[0, -1].argmax()) - first)
        logits = model.speech_head(hidden[:, -1])
        if rows == 2:
            logits = logits[0] + options.cfg_weight * (logits[0] - logits[1])
        else:
            logits = logits[0]
        logits[sizes["start_speech"]] = -float("inf")
        if not window.may_end:
            logits[sizes["stop_speech"]] = -float("inf")
        token = choose(logits, seen, options)
        if token == sizes["stop_speech"]:
            return tokens, True
        tokens.append(token)
        seen.append(token)
        inputs = [model.embed_speech(torch.tensor([[token]]), len(tokens)).expand(rows, -1, -1)]
    return tokens, window.must_end
