# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 3: the speech tokenizer, so that a token says which phones are spoken, and roughly
how high and how loud. Then `--encode` writes the tokens of all shards.

Heads that read the quantised levels exist for training only: phones twice a token, four
F0 classes and three energy classes, and a mel regression. The phone head does not see the
last level, or phones would take the whole codebook and the voice would be monotonous. Many
speakers read, F0 counts from the reader's own middle, and mels from their own mean, so that
tokens need not say who speaks. What the tokenizer hears is of another vocal tract, tempo,
channel and room than the mel that is asked for.
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
SHARES = {"t": 0.15, "s": 0.4, "n": 0.45}   # of crops, by kind of shard
TOKENS_A_BATCH = 2400
CROPS = (50, 75, 100, 100, 150, 250)   # tokens
TEMPO, TRACT = (0.85, 1.2), 0.12       # durations; spread of formants
SCORE_STEPS = 500
HIDDEN_BANDS, HIDDEN_FRAMES = 16, 12   # at most, in each of two stripes


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


def warped(mel, frames, spread):
    """(B, bands, any) -> (B, bands, frames): formants moved by up to `spread`, time stretched."""
    b, bands, _ = mel.shape
    tract = 1 + spread * (2 * torch.rand(b, 1, 1) - 1)
    high = (torch.arange(bands)[:, None] / (bands - 1) * tract).clamp(max=1) * 2 - 1
    wide = torch.linspace(-1, 1, frames).expand(b, bands, frames)
    grid = torch.stack([wide, high.expand(b, bands, frames)], -1)
    return F.grid_sample(mel[:, None], grid, padding_mode="border", align_corners=True)[:, 0]


def equalised(mel, spread):
    """(B, bands, T) through a smooth equaliser of that spread, in the mel's unit."""
    b, bands, _ = mel.shape
    curve = F.interpolate(torch.randn(b, 1, 7), bands, mode="linear", align_corners=True)
    return mel + spread * curve.transpose(1, 2)


def perturbed(mel, frames):
    """Another speaker, tempo, channel and room, (B, bands, any) -> (B, bands, frames): formants
    moved, time stretched to `frames`, level, a smooth equaliser, noise, stripes missing."""
    b, bands, _ = mel.shape
    mel = equalised(warped(mel, frames, TRACT), 0.12)
    mel = mel + 0.1 * torch.randn(b, 1, 1)
    floor = -0.9 + 0.7 * torch.rand(b, 1, 1)   # a noise floor hides the quietest parts
    floor = floor + 0.1 * torch.randn_like(mel)
    mel = torch.where(torch.rand(b, 1, 1) < 0.4, mel.maximum(floor), mel)
    mel = mel + 0.03 * torch.randn_like(mel)
    for _ in range(2):
        mel = mel.where(outside(b, bands, HIDDEN_BANDS)[:, :, None], 0.0)
        mel = mel.where(outside(b, frames, HIDDEN_FRAMES)[:, None], 0.0)
    return mel


def outside(rows, size, most):
    """(rows, size), false in one random stretch of up to `most` a row."""
    begin, length = torch.rand(rows, 1) * size, torch.rand(rows, 1) * most
    at = torch.arange(size)
    return (at < begin) | (at >= begin + length)


def batch(corpus, crops, rng, most):
    """What is heard, labels, and the mel that is asked for; `most` tokens in all."""
    tokens = rng.choice(CROPS)
    longer = min(round(tokens * rng.uniform(*TEMPO)), CROPS[-1])
    places = crops.draw(most // tokens, 2 * longer)
    heard = audio.tokenizer_mel(corpus.waves("wave16", places))
    at = ((torch.arange(2 * tokens) + 0.5) * (longer / tokens)).long()
    mel = corpus.take("mel", places[:, at]).transpose(1, 2).float()
    return (perturbed(heard, 4 * tokens), corpus.take("labels", places[:, at]),
            without_mean(mel))


def add_labels(corpus, names):
    """The corpus' array `labels`."""
    index = {p: i for i, p in enumerate(names)}
    corpus.add("labels", torch.from_numpy(np.concatenate(
        [labels(u, index) for u in corpus.utterances])))


def reading_losses(logits, mel_out, target, mel):
    """Of what the readers answer: each, not weighted yet."""
    losses = {name: F.cross_entropy(x.float().flatten(0, 1), target[..., k].flatten())
              for k, (name, x) in enumerate(zip(("phone", "f0", "energy"), logits))}
    return {**losses, "mel": F.l1_loss(mel_out.float(), mel)}


@torch.no_grad()
def score(model, corpus, by_kind):
    """Share of frames read right, for each kind of shard."""
    model.eval()
    said = []
    for kind, some in by_kind.items():
        right, total, used = torch.zeros(3), torch.zeros(3), torch.zeros(sizes.CODES)
        for u in some:
            places = torch.arange(u.place, u.place + u.frames)
            target = corpus.take("labels", places)
            heard = audio.tokenizer_mel(corpus.waves("wave16", places)[None])
            logits, _, codes = model(heard)
            guess = torch.stack([x.argmax(-1)[0] for x in logits], -1)
            right += (guess == target).sum(0)
            total += (target >= 0).sum(0)
            used += torch.bincount(codes[0], minlength=sizes.CODES)
        share = used[used > 0] / used.sum()
        phone, f0, energy = (right / total).tolist()
        said.append(f"{kind}: phone {phone:.3f} f0 {f0:.3f} energy {energy:.3f}"
                    f" codes {len(share)} perplexity {(-(share * share.log()).sum()).exp():.0f}")
    model.train()
    return "; ".join(said)


@torch.no_grad()
def encode(indices, tokenizer):
    """Tokens of every utterance, one flat array beside each shard."""
    for index in indices:
        some = data.load_shard(index)
        codes = {}
        for group in data.alike(some, lambda u: u.frames):
            waves = torch.stack([u.wave("wave16") for u in group])
            found = tokenizer(audio.tokenizer_mel(waves.to(torch.get_default_device())))[1]
            codes.update(zip(group, found.cpu().numpy().astype(np.int16)))
        np.save(index.parent / "codes.npy", np.concatenate([codes[u] for u in some]))
        print(f"encoded {index.parent.name}", flush=True)


def main():
    parser = training.arguments(__doc__, minutes=25, rate=2e-3)
    parser.add_argument("--encode", action="store_true", help="no training: write the tokens")
    parser.add_argument("--kinds", default="tsn", help="shards: teacher, speakers, natural, paired")
    args = training.ready(parser.parse_args())
    names = training.names(args.work / "phones.json", lambda: phone_names(
        data.load(args.work, None, "tsn")))
    model = TokenizerTraining(len(names))
    if args.encode:
        training.load_weights(args.work, "tokenizer", model)
        return encode(data.shards(args.work, args.kinds, args.shards), model.tokenizer)
    corpus = data.Corpus(args.work, args.kinds, args.shards)
    add_labels(corpus, names)
    train = {kind: some[30:] for kind, some in corpus.by_kind.items()}
    valid = {kind: some[:30] for kind, some in corpus.by_kind.items()}
    rng = random.Random(args.seed)
    trainer = training.Trainer("tokenizer", model, args, weight_decay=0.01)
    crops = data.Crops(train, SHARES, args.seed + trainer.step)
    for step in trainer:
        heard, target, mel = batch(corpus, crops, rng, TOKENS_A_BATCH * args.larger)
        with training.half():
            logits, mel_out, _ = model(heard)
        losses = reading_losses(logits, mel_out, target, mel)
        trainer.update(sum(WEIGHTS[k] * v for k, v in losses.items()), **losses)
        if step % SCORE_STEPS == SCORE_STEPS - 1:
            print("valid", score(model, corpus, valid), flush=True)
    print("valid", score(model, corpus, valid))


if __name__ == "__main__":
    main()
