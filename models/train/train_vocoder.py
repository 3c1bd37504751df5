# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 6: the HiFT vocoder, by multi-resolution spectral losses, then with critics.

The source is driven by the measured F0; the pitch predictor learns with the flow.
With `--decoded`, most of the mels are the flow's own (train_flow.py --decode). With
`--critics`, networks that learn to tell made speech from real speech (critic.pt) take part;
needs a GPU or much patience.
"""
import numpy as np
import torch
import torch.nn.functional as F

import audio
import data
import sizes
import training
from modules.critic import Adversary, of_waves
from modules.hift import Hift, Snake, snake

CROP, BATCH = 40, 3   # mel frames, utterances
DECODED = 0.6         # share of crops, with --decoded
SHARES = {"t": 0.1, "s": 0.3, "n": 0.2, "p": 0.4}
RESOLUTIONS = ((256, 60), (512, 120), (1024, 240), (2048, 480))   # FFT size, hop
PASSING_WEIGHT, ALIKE_WEIGHT = 0.3, 0.6
CRITICS_ALONE = 100   # steps in which the critics learn and the vocoder does not hear them


def spectral_loss(made, real):
    """Spectral convergence and log magnitude distance over all resolutions."""
    loss = 0
    for size, hop in RESOLUTIONS:
        window = audio.hann(size, made.device)
        a = torch.stft(made, size, hop, size, window, return_complex=True)
        b = torch.stft(real, size, hop, size, window, return_complex=True).abs()
        a = torch.sqrt(a.real ** 2 + a.imag ** 2 + 1e-7)
        log = (torch.log(a + 1e-4) - torch.log(b + 1e-4)).abs().mean()
        loss = loss + (a - b).norm() / (b.norm() + 1e-3) + log
    return loss / len(RESOLUTIONS)


class Decoded:
    """Rows of mels made by the flow, and where their speech lies in the corpus."""

    def __init__(self, path, seed):
        made = torch.load(path, map_location=torch.get_default_device())
        self._mel, self._places = made["mel"], made["places"]
        self._rng = np.random.default_rng(seed)

    def draw(self, count):
        """mel (count, CROP, 80), frame numbers (count, CROP)"""
        rows, frames = self._places.shape
        row = self._rng.integers(rows, size=count)
        at = self._rng.integers(frames - CROP + 1, size=count)[:, None] + np.arange(CROP)
        row, at = data.on_device(row)[:, None], data.on_device(at)
        return self._mel[row, at], self._places[row, at]


def batch(corpus, crops, decoded, count):
    """Crops: mel (B, 80, CROP), wave (B, 480 CROP), F0 (B, CROP)."""
    made = round(count * DECODED) if decoded else 0
    places = crops.draw(count - made, CROP)
    mel = corpus.take("mel", places)
    if made:
        own, there = decoded.draw(made)
        mel, places = torch.cat([mel, own]), torch.cat([places, there])
    return (mel.transpose(1, 2).float(), corpus.waves("wave24", places),
            corpus.take("f0", places).float())


def main():
    parser = training.arguments(__doc__, minutes=25, rate=1e-3)
    parser.add_argument("--decoded", action="store_true", help="train on the flow's mels too")
    parser.add_argument("--critics", action="store_true")
    parser.add_argument("--kinds", default="tsnp")
    args = training.ready(parser.parse_args())
    corpus = data.Corpus(args.work, args.kinds, args.shards)
    train, _ = corpus.split()
    # A fifth of the time of a step is in these few lines, seven passes over memory.
    Snake.function = staticmethod(torch.compile(snake, dynamic=False))
    model = Hift(**sizes.HIFT)
    trainer = training.Trainer("hift", model, args, betas=(0.9, 0.99), weight_decay=0.01, clip=5.0)
    seed = args.seed + trainer.step
    crops = data.Crops(train, SHARES, seed)
    decoded = Decoded(args.work / "decoded.pt", seed) if args.decoded else None
    torch.backends.cudnn.benchmark = True   # all batches are alike
    adversary = args.critics and Adversary(of_waves(), args.work / "critic.pt", args.rate / 2)
    for step in trainer:
        mel, wave, f0 = batch(corpus, crops, decoded, BATCH * args.larger)
        mel = mel + 0.05 * torch.randn_like(mel)
        made = model(mel, f0)
        # Crop edges lack their neighbours: leave one mel frame out on both sides.
        inside = slice(audio.MEL_HOP, -audio.MEL_HOP)
        spectral = spectral_loss(made[:, inside], wave[:, inside])
        shape = F.l1_loss(audio.speech_mel(made), audio.speech_mel(wave))
        told = {"spectral": spectral, "mel": shape}
        loss = spectral + 0.5 * shape
        if adversary:
            real, own = wave[:, inside], made[:, inside]
            told["critics"] = adversary.learn(real, own)
            if step >= trainer.earlier + CRITICS_ALONE:
                told["passing"], told["alike"] = adversary.opinion(real, own)
                loss = loss + PASSING_WEIGHT * told["passing"] + ALIKE_WEIGHT * told["alike"]
        trainer.update(loss, **told)
    if adversary:
        adversary.save()


if __name__ == "__main__":
    main()
