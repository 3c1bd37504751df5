# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 6: the HiFT vocoder, by multi-resolution spectral losses.

The source is driven by the measured F0; the pitch predictor learns with the flow.
With `--decoded`, most of the mels are the flow's own (train_flow.py --decode).
"""
import random

import numpy as np
import torch
import torch.nn.functional as F

import audio
import data
import sizes
import training
from modules.hift import Hift, Snake, snake

CROP, BATCH = 40, 3   # mel frames, utterances
DECODED = 0.6         # share of crops, with --decoded
SHARES = {"t": 0.15, "s": 0.5, "n": 0.35}
RESOLUTIONS = ((256, 60), (512, 120), (1024, 240), (2048, 480))   # FFT size, hop


def spectral_loss(made, real):
    """Spectral convergence and log magnitude distance over all resolutions."""
    loss = 0
    for size, hop in RESOLUTIONS:
        window = torch.hann_window(size)
        a = torch.stft(made, size, hop, size, window, return_complex=True)
        b = torch.stft(real, size, hop, size, window, return_complex=True).abs()
        a = torch.sqrt(a.real ** 2 + a.imag ** 2 + 1e-7)
        log = (torch.log(a + 1e-4) - torch.log(b + 1e-4)).abs().mean()
        loss = loss + (a - b).norm() / (b.norm() + 1e-3) + log
    return loss / len(RESOLUTIONS)


def batch(by_kind, rng, decoded):
    """Crops: mel (B, 80, CROP), wave (B, 480 CROP), F0 (B, CROP)."""
    mel, wave, f0 = [], [], []
    kinds = [k for k in by_kind if by_kind[k]]
    while len(mel) < BATCH:
        kind, own = rng.choices(kinds, [SHARES[k] for k in kinds])[0], None
        k = rng.randrange(len(by_kind[kind]))
        if decoded and rng.random() < DECODED:
            (kind, k), own = rng.choice(decoded)
        u = by_kind[kind][k]
        if u.frames < CROP:
            continue
        start = rng.randrange(u.frames - CROP + 1)
        m = u.array("mel", start, CROP) if own is None else own[start:start + CROP].numpy()
        mel.append(m.T.astype(np.float32))
        wave.append(u.wave("wave24", start, CROP))
        f0.append(u.array("f0", start, CROP).astype(np.float32))
    return (torch.from_numpy(np.stack(mel)), torch.stack(wave), torch.from_numpy(np.stack(f0)))


def main():
    parser = training.arguments(__doc__, minutes=25, rate=1e-3)
    parser.add_argument("--decoded", action="store_true", help="train on the flow's mels too")
    parser.add_argument("--kinds", default="tsn")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    by_kind = {kind: data.split(data.load(args.work, args.shards, kind))[0] for kind in args.kinds}
    decoded = list(torch.load(args.work / "decoded.pt").items()) if args.decoded else []
    # A fifth of the time of a step is in these few lines, seven passes over memory.
    Snake.function = staticmethod(torch.compile(snake, dynamic=False))
    model = Hift(**sizes.HIFT)
    trainer = training.Trainer("hift", model, args, betas=(0.9, 0.99), weight_decay=0.01, clip=5.0)
    rng.seed(args.seed + trainer.step)
    for _ in trainer:
        mel, wave, f0 = batch(by_kind, rng, decoded)
        mel = mel + 0.05 * torch.randn_like(mel)
        made = model(mel, f0)
        # Crop edges lack their neighbours: leave one mel frame out on both sides.
        inside = slice(audio.MEL_HOP, -audio.MEL_HOP)
        spectral = spectral_loss(made[:, inside], wave[:, inside])
        shape = F.l1_loss(audio.speech_mel(made), audio.speech_mel(wave))
        trainer.update(spectral + 0.5 * shape, spectral=spectral, mel=shape)


if __name__ == "__main__":
    main()
