# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 6: the flow. `--part encoder` regresses the mel from tokens (most of the
intelligibility lies there); `--part estimator` then learns the velocities on top of it.

A row is a prompt of one utterance followed by another utterance, as in synthesis. Attention
is limited to chunks: the prompt is the first, then random sizes, sometimes all in one.
"""
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import data
import sizes
import training
from modules.flow import Flow

TOKENS_A_BATCH = 1600
LENGTHS = (64, 100, 100, 150, 220)   # tokens of a row, prompt included
PROMPTED, WHOLE = 0.7, 0.25          # shares of rows: with a prompt; unlimited attention
CHUNKS = (4, 50)                     # tokens


def make_flow():
    return Flow(sizes.CODES, sizes.XVECTOR["embedding"], sizes.ENCODER, sizes.ESTIMATOR,
                sizes.FLOW)


def part_of(flow, part):
    names = {"encoder": ("input_embedding", "encoder", "encoder_proj"),
             "estimator": ("spk_embed_affine_layer", "decoder")}[part]
    return nn.ModuleDict({name: getattr(flow, name) for name in names})


def stretch(utterances, tokens, rng):
    """Codes and mel of `tokens` consecutive tokens somewhere."""
    while True:
        u = rng.choice(utterances)
        if u.tokens >= tokens:
            start = 2 * rng.randrange(u.tokens - tokens + 1)
            return (u.array("codes", start, 2 * tokens).astype(np.int64),
                    u.array("mel", start, 2 * tokens).astype(np.float32), u)


def chunks(prompt, length, rng):
    """Chunk number of every token."""
    if rng.random() < WHOLE:
        return np.zeros(length, np.int64)
    edges, at = [], prompt
    while at < length:
        edges.append(at)
        at += rng.randint(*CHUNKS)
    return np.searchsorted(edges, np.arange(length), side="right")


class Batch:
    def __init__(self, utterances, rng):
        length = rng.choice(LENGTHS)
        rows, self.spoken = [], []
        for _ in range(TOKENS_A_BATCH // length):
            prompt = rng.randint(10, length // 2) if rng.random() < PROMPTED else 0
            codes, mel, u = stretch(utterances, length - prompt, rng)
            first = np.zeros_like(mel, shape=(2 * length, 80))
            if prompt:
                before, first_mel, _ = stretch(utterances, prompt, rng)
                codes, mel = np.concatenate([before, codes]), np.concatenate([first_mel, mel])
                first[:2 * prompt] = first_mel
            rows.append((codes, mel.T, first.T, chunks(prompt, length, rng)))
            self.spoken.append(u)
        self.codes, self.mel, self.prompt, self.groups = (
            torch.from_numpy(np.stack(x)) for x in zip(*rows))

    @property
    def xvector(self):
        return torch.from_numpy(np.stack([u.speaker("xvector") for u in self.spoken]))


@torch.no_grad()
def score(flow, valid):
    """L1 of the encoder's mel on whole unseen utterances."""
    error = count = 0
    for u in valid:
        mel = torch.from_numpy(u.array("mel").astype(np.float32)).T[None]
        codes = torch.from_numpy(u.array("codes").astype(np.int64))[None]
        error += (flow.mu(codes) - mel).abs().sum().item()
        count += mel.numel()
    return f"mu L1 {error / count:.4f}"


def main():
    parser = training.arguments(__doc__, minutes=30, rate=1.5e-3)
    parser.add_argument("--part", choices=("encoder", "estimator"), default="encoder")
    args = parser.parse_args()
    train, valid = data.split(data.load(args.work, args.shards))
    flow = make_flow()
    if args.part == "estimator":
        training.load_weights(args.work, "encoder", part_of(flow, "encoder"))
    else:   # mels are log magnitudes around -6
        nn.init.constant_(flow.encoder_proj.bias, -6.0)
    trainer = training.Trainer(args.part, part_of(flow, args.part), args, weight_decay=0.01)
    rng = random.Random(args.seed + trainer.step)
    for step in trainer:
        b = Batch(train, rng)
        with training.half():
            if args.part == "encoder":
                loss = F.l1_loss(flow.mu(b.codes, b.groups).float(), b.mel)
            else:
                with torch.no_grad():
                    mu = flow.mu(b.codes, b.groups).float()
                loss = flow.loss(b.mel, mu, flow.speaker(b.xvector), b.prompt, b.groups)
        trainer.update(loss, loss=loss)
        if step % 300 == 299 and args.part == "encoder":
            print("valid", score(flow, valid), flush=True)


if __name__ == "__main__":
    main()
