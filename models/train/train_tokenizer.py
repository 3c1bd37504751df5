# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 3: the speech tokenizer, so that a token says which phones are spoken, and roughly
how high and how loud. Then `--encode` writes the tokens of all shards.

Heads that read the quantised levels exist for training only: phones twice a token, four
F0 classes and three energy classes, and a mel regression. The phone head does not see the
last level, or phones would take the whole codebook and the voice would be monotonous. Many
speakers read, F0 counts from the reader's own middle, and mels from their own mean, so that
tokens need not say who speaks.
"""
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import audio
import data
import sizes
import training
from modules.s3tokenizer import S3Tokenizer

F0_CLASSES, ENERGY_CLASSES = 4, 3
WEIGHTS = {"phone": 1.0, "f0": 0.8, "energy": 0.15, "mel": 0.25}
SHARES = {"t": 0.2, "s": 0.45, "n": 0.35}   # of crops, by kind of shard
TOKENS_A_BATCH = 2400
CROPS = (50, 75, 100, 100, 150, 250)   # tokens


def phone_names(utterances):
    return sorted({p for u in utterances for p in u.phones} - {data.UNKNOWN})


def labels(u, phone_index):
    """(frames, 3): phone, F0 class (0 = unvoiced, then low to high), energy class."""
    names = np.array([phone_index.get(p, -100) for p in u.phones])
    f0 = u.array("f0").astype(np.float32)
    energy = u.array("energy").astype(np.float32)
    voiced = f0 > 0
    middle = np.median(f0[voiced]) if voiced.any() else 100.0
    height = np.log(np.where(voiced, f0, middle) / middle)
    f0_class = np.where(voiced, 1 + np.digitize(height, [-0.08, 0.08]), 0)
    energy_class = np.digitize(energy - np.percentile(energy, 95), [-2.5, -1.0])
    return np.stack([names[u.array("segment")], f0_class, energy_class], -1)


def classifier(dims, classes, width=256):
    """Two answers a token."""
    return nn.Sequential(nn.Linear(dims, width), nn.GELU(), nn.Linear(width, width), nn.GELU(),
                         nn.Linear(width, 2 * classes))


class Readers(nn.Module):
    """What training reads from the quantised levels."""

    def __init__(self, dims, phones):
        super().__init__()
        self.phones = classifier(dims - 1, phones)
        self.melody = classifier(dims, F0_CLASSES + ENERGY_CLASSES)
        self.mel_in = nn.Linear(dims, 192)
        self.mel_conv = nn.Sequential(nn.Conv1d(192, 192, 5, padding=2), nn.GELU(),
                                      nn.Conv1d(192, 160, 3, padding=1))

    def forward(self, levels):
        """(B, T, dims) -> logits of phone, F0, energy, each (B, 2 T, n); mel (B, 80, 2 T)."""
        twice = lambda y: y.unflatten(-1, (2, -1)).flatten(1, 2)
        phone = twice(self.phones(levels[..., :-1]))
        f0, energy = twice(self.melody(levels)).split((F0_CLASSES, ENERGY_CLASSES), -1)
        mel = self.mel_conv(F.gelu(self.mel_in(levels)).transpose(1, 2))
        mel = mel.unflatten(1, (80, 2)).transpose(2, 3).flatten(2)
        return (phone, f0, energy), mel * 2.0


class TokenizerTraining(nn.Module):
    def __init__(self, phones):
        super().__init__()
        self.tokenizer = S3Tokenizer(**sizes.S3TOKENIZER)
        self.readers = Readers(sizes.CODEBOOK_DIMS, phones)

    def forward(self, mel):
        levels, codes = self.tokenizer(mel)
        return *self.readers(levels), codes


def without_mean(mel):
    """(..., 80, T) less its mean over time: mostly what is said, not who says it."""
    return mel - mel.mean(-1, keepdim=True)


def perturbed(mel):
    """Another channel and room: level, a smooth equaliser, noise."""
    b, bands, _ = mel.shape
    curve = F.interpolate(torch.randn(b, 1, 7), bands, mode="linear", align_corners=True)
    mel = mel + (0.1 * torch.randn(b, 1, 1) + 0.12 * curve.transpose(1, 2))
    floor = -0.9 + 0.5 * torch.rand(b, 1, 1)   # a noise floor hides the quietest parts
    mel = torch.where(torch.rand(b, 1, 1) < 0.3, mel.maximum(floor), mel)
    return mel + 0.03 * torch.randn_like(mel)


def batch(by_kind, rng):
    """by_kind: kind to a list of (utterance, labels)."""
    tokens = rng.choice(CROPS)
    waves, targets, mels = [], [], []
    kinds = [k for k in by_kind if by_kind[k]]
    shares = [SHARES[k] for k in kinds]
    while len(waves) < TOKENS_A_BATCH // tokens:
        u, target = rng.choice(by_kind[rng.choices(kinds, shares)[0]])
        if u.tokens < tokens:
            continue
        start = 2 * rng.randrange(u.tokens - tokens + 1)
        waves.append(u.wave("wave16", start, 2 * tokens))
        mels.append(torch.from_numpy(u.array("mel", start, 2 * tokens).T.astype(np.float32)))
        targets.append(torch.from_numpy(target[start:start + 2 * tokens]))
    mel_in = audio.tokenizer_mel(torch.stack(waves))
    return perturbed(mel_in), torch.stack(targets), without_mean(torch.stack(mels))


@torch.no_grad()
def score(model, pairs):
    """Share of frames read right, for each kind of shard."""
    model.eval()
    said = []
    for kind, some in pairs.items():
        right, total, used = np.zeros(3), np.zeros(3), np.zeros(sizes.CODES)
        for u, target in some:
            logits, _, codes = model(audio.tokenizer_mel(u.wave("wave16")[None]))
            guess = torch.stack([x.argmax(-1)[0] for x in logits], -1).numpy()
            right += (guess == target).sum(0)
            total += (target >= 0).sum(0)
            used += np.bincount(codes[0].numpy(), minlength=sizes.CODES)
        share = used[used > 0] / used.sum()
        said.append("{}: phone {:.3f} f0 {:.3f} energy {:.3f}".format(kind, *(right / total))
                    + f" codes {(used > 0).sum()}"
                    + f" perplexity {np.exp(-(share * np.log(share)).sum()):.0f}")
    model.train()
    return "; ".join(said)


@torch.no_grad()
def encode(indices, tokenizer):
    """Tokens of every utterance, one flat array beside each shard."""
    for index in indices:
        only = data.load_shard(index)
        codes = [tokenizer(audio.tokenizer_mel(u.wave("wave16")[None]))[1][0] for u in only]
        np.save(index.parent / "codes.npy", torch.cat(codes).numpy().astype(np.int16))
        print(f"encoded {index.parent.name}", flush=True)


def main():
    parser = training.arguments(__doc__, minutes=25, rate=2e-3)
    parser.add_argument("--encode", action="store_true", help="no training: write the tokens")
    parser.add_argument("--kinds", default="tsn", help="shards: teacher, speakers, natural")
    args = parser.parse_args()
    everything = {kind: data.load(args.work, args.shards, kind) for kind in args.kinds}
    names = phone_names(u for some in everything.values() for u in some)
    phone_index = {p: i for i, p in enumerate(names)}
    model = TokenizerTraining(len(names))
    if args.encode:
        torch.set_num_threads(args.threads)
        training.load_weights(args.work, "tokenizer", model)
        return encode(data.shards(args.work, args.kinds, args.shards), model.tokenizer)
    train, valid = {}, {}
    for kind, some in everything.items():
        pairs = [(u, labels(u, phone_index)) for u in some]
        train[kind], valid[kind] = pairs[30:], pairs[:30]
    rng = random.Random(args.seed)
    trainer = training.Trainer("tokenizer", model, args, weight_decay=0.01)
    for step in trainer:
        mel_in, target, mel = batch(train, rng)
        with training.half():
            logits, mel_out, _ = model(mel_in)
        losses = {name: F.cross_entropy(x.float().flatten(0, 1), target[..., k].flatten())
                  for k, (name, x) in enumerate(zip(("phone", "f0", "energy"), logits))}
        losses["mel"] = F.l1_loss(mel_out.float(), mel)
        trainer.update(sum(WEIGHTS[k] * v for k, v in losses.items()), **losses)
        if step % 150 == 149:
            print("valid", score(model, valid), flush=True)
    print("valid", score(model, valid))


if __name__ == "__main__":
    main()
