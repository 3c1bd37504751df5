# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Keeps what upstream's T3 computes while it decodes greedily: what would be drawn is replaced by
the likeliest token."""
import contextlib

import numpy
import torch

# Step of greedy decoding, besides the first, whose logits are kept: by then
# the key-value cache and the repetition penalty have work to do.
LATE_STEP = 20

# Upstream's filters, and the operation after which each leaves its logits.
FILTERS = {"RepetitionPenaltyLogitsProcessor": "penalised", "TemperatureLogitsWarper": "tempered",
           "TopKLogitsWarper": "top_k", "MinPLogitsWarper": "min_p", "TopPLogitsWarper": "top_p"}


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


class Recorder:
    """Logits of every step after every operation, by name."""

    def __init__(self, family):
        self.family = family
        self.kept = {name: [] for name in ("logits", *family.filters)}
        self.margins = []

    def filter(self, base, name):
        # transformers looks at the parameters of __call__: names and number count.
        recorder = self

        class Recording(base):
            def __call__(self, input_ids, scores):
                if name == "penalised" and "guided" in recorder.kept:
                    recorder.kept["guided"].append(to_numpy(scores[0]))
                if name == "min_p":  # upstream divides by the temperature without a class
                    recorder.kept["tempered"].append(to_numpy(scores[0]))
                out = super().__call__(input_ids, scores)
                recorder.kept[name].append(to_numpy(out[0]))
                return out
        return Recording

    def likeliest(self, probabilities, num_samples):
        best = self.kept["penalised" if self.family.gpt2 else "tempered"][-1]
        best = best[numpy.isfinite(best)]
        if best.size > 1:
            order = numpy.partition(best, -2)
            self.margins.append(float((order[-1] - order[-2]) / numpy.abs(best).max()))
        return probabilities.argmax(-1, keepdim=True)

    @contextlib.contextmanager
    def active(self, up, t3):
        module, names = up.t3, [n for n, kept in FILTERS.items() if kept in self.kept]
        saved = {name: getattr(module, name) for name in names}
        multinomial = torch.multinomial
        for name, base in saved.items():
            setattr(module, name, self.filter(base, FILTERS[name]))
        torch.multinomial = self.likeliest
        head = t3.speech_head.register_forward_hook(
            lambda m, i, o: self.kept["logits"].append(to_numpy(o[:, -1])))
        try:
            yield
        finally:
            head.remove()
            torch.multinomial = multinomial
            for name, base in saved.items():
                setattr(module, name, base)

    def stages(self):
        steps = [0, LATE_STEP]
        stages = {f"logits_{name}": numpy.stack([kept[s] for s in steps])
                  for name, kept in self.kept.items() if name != "logits"}
        stages["logits"] = numpy.stack([self.kept["logits"][s] for s in steps])
        return stages


@contextlib.contextmanager
def greedy(up, t3, family, case, stages):
    """Within the block, upstream's T3 decodes `greedy_tokens` tokens greedily, keeps its stages and
    hands on as many as the case speaks."""
    name = "inference_turbo" if family.gpt2 else "inference"
    original = getattr(t3, name)

    def decode(**named):
        stages["text_tokens"] = to_numpy(named["text_tokens"][:1]).astype(numpy.int64)
        if family.gpt2:  # which makes one more
            named["max_gen_len"] = case["greedy_tokens"] - 1
        else:
            named["max_new_tokens"] = case["greedy_tokens"]
        recorder = Recorder(family)
        conditioning = t3.cond_enc.register_forward_hook(
            lambda m, i, o: stages.update(t3_conditioning=to_numpy(o)))
        with recorder.active(up, t3):
            tokens = original(**named)
        conditioning.remove()
        t3.__dict__.pop("patched_model", None)
        t3._modules.pop("patched_model", None)  # upstream's wrapper holds every weight again
        stages["greedy_tokens"] = to_numpy(tokens)
        stages.update(recorder.stages())
        case["smallest_margin"] = min(recorder.margins)
        return tokens[:, :case["speech_tokens"]]

    t3.__dict__[name] = decode
    try:
        yield
    finally:
        del t3.__dict__[name]
