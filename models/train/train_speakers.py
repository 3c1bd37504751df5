# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 4: the two speaker encoders, on real readers, flite voices and speed-changed copies.

`--which ve` trains the voice encoder (GE2E), `--which xvector` the x-vector (classes);
`--encode` writes the vector of every utterance beside its shard. A fifth of every
speaker's speech is held back and scored: nearest centroid among all speakers.
"""
import random
import subprocess
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchaudio.compliance.kaldi as kaldi
from torch import nn

import audio
import data
import sizes
import training
from frontend import Flite
from modules.voice_encoder import WINDOW, VoiceEncoder
from modules.xvector import Xvector

SPEEDS = (14000, 16000, 18000)   # a copy resampled from 16 kHz to these is another speaker
SECONDS = 24                     # of each speaker
XVECTOR_FRAMES = 200
ENCODED_FRAMES = 200             # at 50/s, of each utterance


def fbank(wave):
    """(samples,) at 16 kHz -> (frames, 80), mean-free."""
    features = kaldi.fbank(wave[None], num_mel_bins=80)
    return features - features.mean(0, keepdim=True)


def decode(path):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-ac", "1",
                          "-ar", "16000", "-"], check=True, capture_output=True).stdout
    return torch.from_numpy(np.frombuffer(raw, np.float32).copy())


def recordings(speech, texts):
    """One waveform a speaker: readers, Kathleen, flite's voices."""
    for path in sorted((speech / "librispeech").glob("*.opus")):
        yield decode(path)
    kathleen = sorted((speech / "kathleen").glob("*.opus"))[:10]
    yield torch.cat([decode(path) for path in kathleen])
    for voice in ("rms", "slt", "awb"):
        flite = Flite(voice)
        waves = [flite.read(text).wave for text in texts[:10]]
        yield torch.from_numpy(np.concatenate(waves).astype(np.float32) / 32768)


def speakers(args):
    """Feature sequences, one a speaker, kept in the work folder once computed."""
    cache = args.work / f"speakers-{args.which}.pt"
    if not cache.exists():
        feature = audio.voice_encoder_mel if args.which == "ve" else fbank
        texts = data.HELD_OUT.read_text().split("\n")
        made = []
        for wave in recordings(args.speech, texts):
            wave = wave[:SECONDS * audio.TOKENIZER_HZ] / (wave.abs().max() + 1e-3) * 0.7
            for speed in SPEEDS:
                made.append(feature(audio.resample(wave, audio.TOKENIZER_HZ, speed)).half())
        torch.save(made, cache)
    return [f.float() for f in torch.load(cache)]


def crops(features, count, frames, rng, held_back=False):
    """`count` crops of one speaker, from the trained or the held back part."""
    edge = int(len(features) * 0.8)
    low, high = (edge, len(features)) if held_back else (0, edge)
    if high - low < frames:
        low, high = max(0, high - frames), max(high, frames)
    starts = [rng.randint(low, max(low, high - frames)) for _ in range(count)]
    out = [features[s:s + frames] for s in starts]
    return torch.stack([F.pad(c, (0, 0, 0, frames - len(c))) for c in out])


def varied(crop, which):
    """Level and spectral tilt differ from recording to recording; speakers stay."""
    if which == "ve":   # power mel
        return crop * 10 ** ((torch.rand(len(crop), 1, 1) - 0.5) * 0.4)
    slope = torch.linspace(-1, 1, crop.shape[-1]) * (torch.rand(len(crop), 1, 1) - 0.5) * 2
    return crop + slope


class Ge2e(nn.Module):
    """Voice encoder and its loss: every vector close to its own speaker's centroid."""

    def __init__(self):
        super().__init__()
        self.encoder = VoiceEncoder(**sizes.VOICE_ENCODER)
        with torch.no_grad():   # power mels are small numbers: half of them below 0.0001
            self.encoder.lstm.weight_ih_l0.mul_(20.0)

    def loss(self, batch, _):
        """batch (speakers, crops, frames, mels)"""
        n, m = batch.shape[:2]
        e = self.encoder(batch.flatten(0, 1)).unflatten(0, (n, m))
        total = e.sum(1, keepdim=True)
        centroids = F.normalize(total[:, 0], dim=-1)
        alike = torch.einsum("nme,ke->nmk", e, centroids)
        own = (e * F.normalize(total - e, dim=-1)).sum(-1)   # without itself
        alike = torch.where(torch.eye(n, dtype=torch.bool)[:, None], own[..., None], alike)
        logits = alike * self.encoder.similarity_weight.clamp(min=1) + self.encoder.similarity_bias
        target = torch.arange(n)[:, None].expand(n, m)
        return F.cross_entropy(logits.flatten(0, 1), target.flatten())


class Classes(nn.Module):
    """x-vector and its loss: which of all speakers (scaled cosine with margin)."""

    def __init__(self, count):
        super().__init__()
        self.encoder = Xvector(**sizes.XVECTOR)
        self.centres = nn.Parameter(torch.randn(count, sizes.XVECTOR["embedding"]))

    def loss(self, batch, who):
        n, m = batch.shape[:2]
        e = F.normalize(self.encoder(batch.flatten(0, 1)), dim=-1)
        target = torch.tensor(who).repeat_interleave(m)
        margin = 0.1 * F.one_hot(target, len(self.centres))
        logits = 20 * (e @ F.normalize(self.centres, dim=-1).T - margin)
        return F.cross_entropy(logits, target)


@torch.no_grad()
def score(model, features, frames):
    model.eval()
    rng = random.Random(2)
    mean = lambda f, held: F.normalize(F.normalize(
        model.encoder(crops(f, 4, frames, rng, held)), dim=-1).mean(0), dim=0)
    known = torch.stack([mean(f, False) for f in features])
    asked = torch.stack([mean(f, True) for f in features])
    model.train()
    right = (asked @ known.T).argmax(1) == torch.arange(len(features))
    return f"held back: right {right.float().mean():.3f} of {len(features)} speakers"


def encode(work, which):
    """The vector of every utterance's first seconds, beside its shard."""
    if which == "ve":
        encoder = training.load_weights(work, "ve", Ge2e()).encoder
        name, vector = "speaker", lambda wave: encoder.embed(audio.voice_encoder_mel(wave))
    else:
        count = len(torch.load(work / "xvector.pt", weights_only=False)["model"]["centres"])
        encoder = training.load_weights(work, "xvector", Classes(count)).encoder
        name, vector = "xvector", lambda wave: encoder(fbank(wave)[None])[0]
    for index in sorted((work / "data").glob("*/index.json")):
        waves = (u.wave("wave16", 0, min(u.frames, ENCODED_FRAMES))
                 for u in data.load_shard(index))
        np.save(index.parent / f"{name}.npy", torch.stack([vector(w) for w in waves]).numpy())
    print(f"wrote {name}.npy of all shards", flush=True)


def main():
    parser = training.arguments(__doc__, minutes=4, rate=2e-3)
    parser.add_argument("--which", choices=("ve", "xvector"), default="ve")
    parser.add_argument("--speech", type=Path, help="folder of librispeech/ and kathleen/")
    parser.add_argument("--encode", action="store_true", help="no training: write the vectors")
    args = parser.parse_args()
    if args.encode:
        torch.set_num_threads(args.threads)
        return encode(args.work, args.which)
    features = speakers(args)
    model = Ge2e() if args.which == "ve" else Classes(len(features))
    frames = WINDOW if args.which == "ve" else XVECTOR_FRAMES
    people, each = (16, 4) if args.which == "ve" else (24, 1)
    rng = random.Random(args.seed)
    trainer = training.Trainer(args.which, model, args, weight_decay=0.01, clip=3.0)
    for step in trainer:
        who = rng.sample(range(len(features)), people)
        batch = torch.stack([varied(crops(features[k], each, frames, rng), args.which)
                             for k in who])
        loss = model.loss(batch, who)
        trainer.update(loss, loss=loss)
    print(score(model, features, frames))


if __name__ == "__main__":
    main()
