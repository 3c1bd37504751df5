# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 3: the two speaker encoders, on synthetic speakers and LibriSpeech's readers.

`--which ve` trains the voice encoder (GE2E), `--which xvector` the x-vector (classes). Both
also predict from a vector how high the speaker's voice is and the colour of its spectrum,
which is what the flow needs to know and teaches faster than names. Readers played faster and
slower are further people. `--encode` writes the vector of every utterance beside its shard.
Scored on readers never trained on: which of them speaks in the second half of a recording.
"""
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import audio
import data
import natural
import sizes
import training
from modules.voice_encoder import WINDOW, VoiceEncoder
from modules.xvector import Xvector

SPEEDS = (14240, 18080)          # rates at which readers become other people
SECONDS = 30                     # of each speaker
XVECTOR_FRAMES = 150
ENCODED_FRAMES = 250             # at 50/s, of each utterance
TRAIT_WEIGHT = 1.0
# The voice encoder hears power mels, tiny numbers: it learns from this multiple of them, and
# the factor goes into its first weights when they are used.
POWER_SCALE = 30.0


def traits(wave):
    """41 numbers of a voice: log F0, and the mel spectrum's mean where there is speech."""
    f0, energy = audio.pitch(wave)
    height = f0[f0 > 0].log().median() if (f0 > 0).sum() > 10 else f0.new_tensor(5.0)
    mel = torch.log(audio.voice_encoder_mel(wave) + 1e-6)
    loud = mel.mean(1) > mel.mean(1).median()
    colour = mel[loud].mean(0)
    return torch.cat([height[None], colour - colour.mean()])


def people(args):
    """One waveform at 16 kHz a speaker."""
    waves = defaultdict(list)
    for u in data.load(args.work, None, "sn"):
        if sum(map(len, waves[u.who])) < SECONDS * audio.TOKENIZER_HZ:
            waves[u.who].append(u.wave("wave16"))
    for who, parts in waves.items():
        wave = torch.cat(parts)
        yield wave
        if who.isdigit():   # a reader
            for rate in SPEEDS:
                yield audio.resample(wave, audio.TOKENIZER_HZ, rate)


def unseen(args):
    for path in natural.readers(args.speech, unseen=True):
        yield natural.decode(path, audio.TOKENIZER_HZ)


def collected(args):
    """Features and traits of the people trained on and those unseen; kept once computed."""
    cache = args.work / f"people-{args.which}.pt"
    if not cache.exists():
        feature = audio.voice_encoder_mel if args.which == "ve" else audio.fbank
        device = torch.get_default_device()
        one = lambda wave: tuple(x.cpu() for x in (feature(wave.to(device)).half(),
                                                   traits(wave.to(device))))
        torch.save(([one(w) for w in people(args)], [one(w) for w in unseen(args)]), cache)
    return torch.load(cache, map_location=torch.get_default_device())


def crop(features, frames, rng):
    if len(features) <= frames:
        features = features.repeat(frames // len(features) + 1, 1)
    start = rng.randrange(len(features) - frames + 1)
    return features[start:start + frames].float()


def varied(batch, which):
    """(..., frames, bands): level, tilt and a smooth equaliser differ; speakers stay."""
    shape = batch.shape
    batch = batch.flatten(0, -3)
    n, _, bands = batch.shape
    curve = F.interpolate(torch.randn(n, 1, 5), bands, mode="linear", align_corners=True)
    if which == "ve":   # power mel
        return (batch * 10 ** (0.3 * torch.randn(n, 1, 1) + 0.12 * curve)).reshape(shape)
    return (batch + 0.4 * curve + 0.1 * torch.randn_like(batch)).reshape(shape)


def mean_free(batch):
    return batch - batch.mean(-2, keepdim=True)


class WithTraits(nn.Module):
    """An encoder and what training reads from its unit vectors."""

    def __init__(self, encoder, size, count):
        super().__init__()
        self.encoder = encoder
        self.traits = nn.Linear(size, 41)
        self.centres = nn.Parameter(torch.randn(count, size) * 0.1)

    def vectors(self, batch):
        return F.normalize(self.encoder(batch).float(), dim=-1)

    def trait_loss(self, e, wanted):
        return F.smooth_l1_loss(self.traits(e) * 3, wanted)

    def class_loss(self, e, who, scale, margin):
        margin = margin * F.one_hot(who, len(self.centres))
        return F.cross_entropy(
            scale * (e @ F.normalize(self.centres, dim=-1).T - margin), who)


def make_model(which, count):
    if which == "ve":
        return WithTraits(VoiceEncoder(**sizes.VOICE_ENCODER),
                          sizes.VOICE_ENCODER["embedding"], count)
    return WithTraits(Xvector(**sizes.XVECTOR), sizes.XVECTOR["embedding"], count)


def heard(which, batch):
    """Features as the encoder takes them in training."""
    return batch * POWER_SCALE if which == "ve" else mean_free(batch)


@torch.no_grad()
def score(model, strangers, which, frames):
    model.eval()
    rng = random.Random(2)
    halves = []
    for half in (0, 1):
        vectors = []
        for f, _ in strangers:
            part = f[:len(f) // 2] if half == 0 else f[len(f) // 2:]
            x = torch.stack([crop(part, frames, rng) for _ in range(4)])
            vectors.append(F.normalize(model.vectors(heard(which, x)).mean(0), dim=0))
        halves.append(torch.stack(vectors))
    model.train()
    alike = halves[1] @ halves[0].T
    right = alike.argmax(1) == torch.arange(len(strangers))
    return f"unseen readers: right {right.float().mean():.3f} of {len(strangers)}"


def finished(work, which):
    """The trained encoder, ready for inference."""
    state = torch.load(work / f"{which}.pt", weights_only=False, map_location="cpu")
    model = make_model(which, len(state["model"].get("centres", ())))
    model = training.load_weights(work, which, model)
    if which == "ve" and "optimizer" in state:
        with torch.no_grad():
            model.encoder.lstm.weight_ih_l0.mul_(POWER_SCALE)
    return model.encoder.eval().requires_grad_(False)


def vector_of(work, which):
    """A function from waveforms (..., samples at 16 kHz) to vectors, as the engine computes it."""
    encoder = finished(work, which)
    if which == "ve":
        return lambda wave: encoder.embed(audio.voice_encoder_mel(wave))

    def vectors(wave):
        frames = mean_free(audio.fbank(wave))
        return encoder(frames.reshape(-1, *frames.shape[-2:])).reshape(*wave.shape[:-1], -1)

    return vectors


@torch.no_grad()
def encode(args):
    """The vector of every utterance's first seconds, beside its shard."""
    name, vector = {"ve": "speaker", "xvector": "xvector"}[args.which], vector_of(args.work,
                                                                                  args.which)
    frames = lambda u: min(u.frames, ENCODED_FRAMES)
    for index in data.shards(args.work, args.kinds):
        some, found = data.load_shard(index), {}
        for group in data.alike(some, frames):
            waves = torch.stack([u.wave("wave16", 0, frames(u)) for u in group])
            vectors = vector(waves.to(torch.get_default_device()))
            found.update(zip(group, vectors.cpu().numpy()))
        np.save(index.parent / f"{name}.npy", np.stack([found[u] for u in some]))
    print(f"wrote {name}.npy of all shards", flush=True)


def main():
    parser = training.arguments(__doc__, minutes=8, rate=4e-3)
    parser.add_argument("--which", choices=("ve", "xvector"), default="ve")
    parser.add_argument("--speech", type=Path, help="folder of librispeech/ and kathleen/")
    parser.add_argument("--encode", action="store_true", help="no training: write the vectors")
    parser.add_argument("--kinds", default="tsn", help="shards to encode")
    args = training.ready(parser.parse_args())
    if args.encode:
        return encode(args)
    known, strangers = collected(args)
    every = torch.stack([t for _, t in known])
    middle, scale = every.mean(0), every.std(0) + 1e-3
    model = make_model(args.which, len(known))
    frames = WINDOW if args.which == "ve" else XVECTOR_FRAMES
    count, each = (20, 3) if args.which == "ve" else (48, 1)
    count = min(count * args.larger, len(known) // 2)
    print(f"{len(known)} speakers", flush=True)
    rng = random.Random(args.seed)
    trainer = training.Trainer(args.which, model, args, weight_decay=0.01, clip=3.0)
    for step in trainer:
        who = rng.sample(range(len(known)), count)
        batch = torch.stack([torch.stack([crop(known[k][0], frames, rng) for _ in range(each)])
                             for k in who])
        batch = heard(args.which, varied(batch, args.which)).flatten(0, 1)
        target = torch.tensor(who).repeat_interleave(each)
        if args.which == "ve":
            e = model.vectors(batch)
        else:
            with training.half():
                e = model.encoder(batch)
            e = F.normalize(e.float(), dim=-1)
        names = model.class_loss(e, target, 16.0, 0.0 if step < 200 else 0.1)
        told = model.trait_loss(e, ((every - middle) / scale)[target])
        trainer.update(names + TRAIT_WEIGHT * told, names=names, traits=told)
        if step % 100 == 99:
            print("valid", score(model, strangers, args.which, frames), flush=True)
    print("valid", score(model, strangers, args.which, frames))


if __name__ == "__main__":
    main()
