# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 6: the flow. `--part encoder` regresses the mel from tokens (most of the
intelligibility lies there); `--part estimator` then learns the velocities on top of it.

A row is a prompt of one utterance followed by another utterance, as in synthesis. Attention
is limited to chunks: the prompt is the first, then random sizes, sometimes all in one.
`--decode N` writes the mels of N utterances as the flow makes them, for the vocoder.
"""
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import data
import sizes
import training
from modules.flow import MELS, Flow
from modules.token_encoder import chunk_mask

TOKENS_A_BATCH = {"encoder": 1600, "estimator": 800}
LENGTHS = (64, 100, 100, 150, 220)   # tokens of a row, prompt included
PROMPTED, WHOLE = 0.7, 0.25          # shares of rows: with a prompt; unlimited attention
CHUNKS = (4, 50)                     # tokens
NO_CONDITION = 0.2                   # share of rows, where the flow is guided


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


@torch.no_grad()
def pass_mu_through(estimator, batches):
    """Starts the estimator near the answer "velocity = mu": the residual path carries mu, all
    else is small, and the last projection is fitted by least squares on `batches`, each a
    tuple (target velocity, inputs). Learning the same from random weights takes an hour.
    """
    channels = estimator.final_proj.in_channels
    quiet = lambda layer: (layer.weight.mul_(0.1), layer.bias.zero_())
    def keep(conv, first=0, count=channels):   # the newest input `first`... comes out unchanged
        conv.weight.mul_(0.1)
        conv.bias.zero_()
        conv.weight[:count, :, -1] = 0
        conv.weight[range(count), range(first, first + count), -1] = 1
    stages = [*estimator.down_blocks, *estimator.mid_blocks, *estimator.up_blocks]
    for stage in stages:
        quiet(stage[0].block2.block["2"])
        keep(stage[0].res_conv)
        for block in stage[1]:
            quiet(block.attn1.to_out[0])
            quiet(block.ff.net["2"])
        if len(stage) == 3:
            keep(stage[2])
    keep(estimator.down_blocks[0][0].res_conv, first=MELS, count=MELS)
    conv, norm = estimator.final_block.block["0"], estimator.final_block.block["2"]
    keep(conv, count=MELS)
    conv.bias[:MELS] = 5.5   # mels are around -5.5
    # Large constants beside the mel keep the norm from erasing its level and size.
    conv.bias[MELS:] = 10.0 * (-1.0) ** torch.arange(channels - MELS)
    norm.bias.fill_(1.5)     # where mish is nearly straight
    seen, wanted = [], []
    hook = estimator.final_proj.register_forward_hook(
        lambda _, inputs, __: seen.append(inputs[0].transpose(1, 2).flatten(0, 1)))
    for velocity, inputs in batches:
        estimator(*inputs)
        wanted.append(velocity.transpose(1, 2).flatten(0, 1))
    hook.remove()
    seen = torch.cat(seen)
    seen = torch.cat([seen, torch.ones(len(seen), 1)], 1)
    square = seen.T @ seen + 1e-3 * len(seen) * torch.eye(seen.shape[1])
    fitted = torch.linalg.solve(square, seen.T @ torch.cat(wanted))
    estimator.final_proj.weight.copy_(fitted[:-1].T[..., None])
    estimator.final_proj.bias.copy_(fitted[-1])


class Batch:
    def __init__(self, utterances, rng, tokens):
        length = rng.choice(LENGTHS)
        rows, self.spoken = [], []
        for _ in range(tokens // length):
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
def start_estimator(flow, utterances, rng):
    """The start of `pass_mu_through` on a few batches."""
    fitting = []
    for _ in range(3):
        b = Batch(utterances, rng, TOKENS_A_BATCH["encoder"])
        x, t, velocity = flow.noisy(b.mel)
        mask = chunk_mask(b.groups.repeat_interleave(2, 1))
        fitting.append((velocity, (x, flow.mu(b.codes, b.groups), t, flow.speaker(b.xvector),
                                   b.prompt, mask)))
    pass_mu_through(flow.decoder["estimator"], fitting)


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


@torch.no_grad()
def decode(work, utterances, count):
    """Mels made from the true tokens after another utterance as prompt, by position in
    `utterances`."""
    flow = make_flow()
    for part in ("encoder", "estimator"):
        training.load_weights(work, part, part_of(flow, part))
    rng = random.Random(3)
    made = {}
    for k in rng.sample(range(len(utterances)), count):
        u = utterances[k]
        before, prompt, _ = stretch(utterances, min(75, u.tokens), rng)
        codes = np.concatenate([before, u.array("codes").astype(np.int64)])
        groups = np.concatenate([np.zeros(len(before), np.int64), 1 + chunks(0, u.tokens, rng)])
        mel = flow.sample(*(torch.from_numpy(x)[None] for x in (
            codes, u.speaker("xvector").copy(), prompt.T)), torch.from_numpy(groups)[None])
        made[k] = mel[0].T.half()
    torch.save(made, work / "decoded.pt")
    print(f"decoded {count} utterances")


def main():
    parser = training.arguments(__doc__, minutes=30, rate=1.5e-3)
    parser.add_argument("--decode", type=int, help="no training: decode so many utterances")
    parser.add_argument("--part", choices=("encoder", "estimator"), default="encoder")
    args = parser.parse_args()
    train, valid = data.split(data.load(args.work, args.shards))
    if args.decode:
        torch.set_num_threads(args.threads)
        return decode(args.work, train, args.decode)
    flow = make_flow()
    if args.part == "estimator":
        training.load_weights(args.work, "encoder", part_of(flow, "encoder"))
    else:   # mels are log magnitudes around -6
        nn.init.constant_(flow.encoder_proj.bias, -6.0)
    if args.part == "estimator":
        start_estimator(flow, train, random.Random(args.seed))
    trainer = training.Trainer(args.part, part_of(flow, args.part), args, weight_decay=0.01)
    rng = random.Random(args.seed + trainer.step)
    for step in trainer:
        b = Batch(train, rng, TOKENS_A_BATCH[args.part])
        with training.half():
            if args.part == "encoder":
                loss = F.l1_loss(flow.mu(b.codes, b.groups).float(), b.mel)
            else:
                with torch.no_grad():
                    mu = flow.mu(b.codes, b.groups).float()
                loss = flow.loss(b.mel, mu, flow.speaker(b.xvector), b.prompt, b.groups,
                                 NO_CONDITION if sizes.FLOW["guidance"] else 0.0)
        trainer.update(loss, loss=loss)
        if step % 300 == 299 and args.part == "encoder":
            print("valid", score(flow, valid), flush=True)


if __name__ == "__main__":
    main()
