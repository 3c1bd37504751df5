# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 3: the speech tokenizer, so that a token says which phones are spoken, and roughly
how high and how loud. Then `--encode` writes the tokens of all shards.

Heads that read the quantised levels exist for training only: phones twice a token, four
F0 classes and three energy classes, and a mel regression. The phone head does not see the
last level, or phones would take the whole codebook and the voice would be monotonous.
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
WEIGHTS = {"phone": 1.0, "f0": 0.6, "energy": 0.15, "mel": 0.5}
TOKENS_A_BATCH = 2400
CROPS = (50, 75, 100, 100, 150, 250)   # tokens
MEL_CENTRE, MEL_SCALE = -5.0, 2.0


def phone_names(utterances):
    return sorted({p for u in utterances for p in u.phones})


def labels(u, phone_index):
    """(frames, 3): phone, F0 class (0 = unvoiced, then low to high), energy class."""
    names = np.array([phone_index[p] for p in u.phones])
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
        return (phone, f0, energy), mel * MEL_SCALE + MEL_CENTRE


class TokenizerTraining(nn.Module):
    def __init__(self, phones):
        super().__init__()
        self.tokenizer = S3Tokenizer(**sizes.S3TOKENIZER)
        self.readers = Readers(sizes.CODEBOOK_DIMS, phones)

    def forward(self, mel):
        levels, codes = self.tokenizer(mel)
        return *self.readers(levels), codes


def batch(utterances, all_labels, rng):
    tokens = rng.choice(CROPS)
    waves, targets, mels = [], [], []
    while len(waves) < TOKENS_A_BATCH // tokens:
        k = rng.randrange(len(utterances))
        u = utterances[k]
        if u.tokens < tokens:
            continue
        start = 2 * rng.randrange(u.tokens - tokens + 1)
        waves.append(u.wave("wave16", start, 2 * tokens))
        mels.append(torch.from_numpy(u.array("mel", start, 2 * tokens).T.astype(np.float32)))
        targets.append(torch.from_numpy(all_labels[k][start:start + 2 * tokens]))
    mel_in = audio.tokenizer_mel(torch.stack(waves))
    gain = (torch.rand(len(waves), 1, 1) - 0.5) * 0.2
    return mel_in + gain + 0.02 * torch.randn_like(mel_in), torch.stack(targets), torch.stack(mels)


@torch.no_grad()
def score(model, utterances, all_labels):
    model.eval()
    right, total, used = np.zeros(3), 0, np.zeros(sizes.CODES)
    for u, target in zip(utterances, all_labels):
        logits, _, codes = model(audio.tokenizer_mel(u.wave("wave16")[None]))
        guess = torch.stack([x.argmax(-1)[0] for x in logits], -1).numpy()
        right += (guess == target).sum(0)
        total += len(target)
        used += np.bincount(codes[0].numpy(), minlength=sizes.CODES)
    model.train()
    share = used[used > 0] / used.sum()
    return "phone {:.3f} f0 {:.3f} energy {:.3f}".format(*(right / total)) + \
        f" codes {(used > 0).sum()} perplexity {np.exp(-(share * np.log(share)).sum()):.0f}"


@torch.no_grad()
def encode(work, tokenizer, shards):
    """Tokens of every utterance, one flat array beside each shard."""
    for index in sorted((work / "data").glob("*/index.json"))[:shards]:
        only = data.load_shard(index)
        codes = [tokenizer(audio.tokenizer_mel(u.wave("wave16")[None]))[1][0] for u in only]
        np.save(index.parent / "codes.npy", torch.cat(codes).numpy().astype(np.int16))
        print(f"encoded {index.parent.name}", flush=True)


def main():
    parser = training.arguments(__doc__, minutes=25, rate=2e-3)
    parser.add_argument("--encode", action="store_true", help="no training: write the tokens")
    args = parser.parse_args()
    utterances = data.load(args.work, args.shards)
    names = phone_names(utterances)
    phone_index = {p: i for i, p in enumerate(names)}
    model = TokenizerTraining(len(names))
    if args.encode:
        torch.set_num_threads(args.threads)
        training.load_weights(args.work, "tokenizer", model)
        return encode(args.work, model.tokenizer, args.shards)
    train, valid = data.split(utterances)
    train_labels = [labels(u, phone_index) for u in train]
    valid_labels = [labels(u, phone_index) for u in valid]
    rng = random.Random(args.seed)
    trainer = training.Trainer("tokenizer", model, args, weight_decay=0.01)
    for step in trainer:
        mel_in, target, mel = batch(train, train_labels, rng)
        logits, mel_out, _ = model(mel_in)
        losses = {name: F.cross_entropy(x.flatten(0, 1), target[..., k].flatten())
                  for k, (name, x) in enumerate(zip(("phone", "f0", "energy"), logits))}
        losses["mel"] = F.l1_loss(mel_out, mel)
        trainer.update(sum(WEIGHTS[k] * v for k, v in losses.items()), **losses)
        if step % 200 == 199:
            print("valid", score(model, valid, valid_labels), flush=True)
    print("valid", score(model, valid, valid_labels))


if __name__ == "__main__":
    main()
