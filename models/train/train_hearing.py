# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 3b: the tokenizer once more, so that it hears people live as it hears clear speech whole.

What it says of clear synthetic speech is kept (told.pt, the tokenizer as it was): of the
teacher's and the speakers', and of what a library voice makes of a recording (paired speech).
Then it hears the same speech, or that recording, mostly a few tokens at a time and through other
channels, and must say the same. So tokens keep their meaning for T3 and the flow, and people
get the tokens of a voice that says their words with their melody. Recordings at other speeds
have no such voice: of them the readers of train_tokenizer.py learn, as before.
"""
import json
import random
import shutil

import torch
import torch.nn.functional as F

import audio
import data
import training
from modules.s3tokenizer import rounded
from train_tokenizer import (
    WEIGHTS, TokenizerTraining, add_labels, perturbed, reading_losses, without_mean)

TOKENS_A_BATCH = 2400
LENGTHS = (48, 72, 96, 144, 240)       # tokens
SHARES = {"t": 0.15, "s": 0.25, "p": 0.6}
OTHER_SPEEDS = 0.25                    # share of steps
WHOLE, PERTURBED = 0.3, 0.7            # shares of steps
CHUNKS = (4, 4, 4, 3, 6, 12)           # tokens heard at a time
AHEAD = (3, 3, 3, 2)                   # and after them
SHARPNESS = 6.0                        # of the choice between levels
SAME_WEIGHT = 1.5
SCORE_STEPS = 200


def soft(model, mel, live=None):
    with training.half():
        return model.tokenizer.soft(mel, live).float()


def clear(corpus, places):
    """Waves at 16 kHz of what the wave at 24 kHz says: of paired speech, the library voice."""
    wave = corpus.waves("wave24", places)
    return audio.resample(wave, audio.SPEECH_HZ, audio.TOKENIZER_HZ)


def same_loss(made, wanted):
    """Cross entropy of levels (B, T, dims), neither of them rounded yet."""
    logits = -SHARPNESS * (made[..., None] - torch.arange(-1.0, 2.0)) ** 2
    return F.cross_entropy(logits.flatten(0, -2), (wanted.round().long() + 1).flatten())


@torch.no_grad()
def score(model, told, corpus, valid):
    """Of unseen recordings: phones read right, tokens and levels as told."""
    model.eval()
    said, crops = [], data.Crops({"p": valid}, {"p": 1.0}, 4)
    places = crops.draw(48, 2 * 96)
    wanted = soft(told, audio.tokenizer_mel(clear(corpus, places))).round()
    target = corpus.take("labels", places)[..., 0]
    for name, live in (("live", (4, 3)), ("whole", None)):
        levels = soft(model, audio.tokenizer_mel(corpus.waves("wave16", places)), live).round()
        logits, _ = model.readers(levels)
        right = (logits[0].argmax(-1) == target).float()[target >= 0].mean()
        same = levels == wanted
        said.append(f"{name}: phone {right:.3f} level {same.float().mean():.3f}"
                    f" token {same.all(-1).float().mean():.3f}")
    model.train()
    return "; ".join(said)


def main():
    parser = training.arguments(__doc__, minutes=25, rate=3e-4)
    args = training.ready(parser.parse_args())
    if not (args.work / "told.pt").exists():
        shutil.copy(args.work / "tokenizer.pt", args.work / "told.pt")
    names = json.loads((args.work / "phones.json").read_text())
    told = training.load_weights(args.work, "told", TokenizerTraining(len(names)))
    model = TokenizerTraining(len(names))
    corpus = data.Corpus(args.work, "tsnp", args.shards)
    add_labels(corpus, names)
    train, valid = corpus.split()
    alike = data.Crops({k: train[k] for k in SHARES if k in train}, SHARES, args.seed)
    at_speeds = {"n": [u for u in train["n"] if "/" in u.who]}
    slower = data.Crops(at_speeds, {"n": 1.0}, args.seed)
    rng = random.Random(args.seed)
    trainer = training.Trainer("tokenizer", model, args, weight_decay=0.01)
    for step in trainer:
        tokens, read = rng.choice(LENGTHS), rng.random() < OTHER_SPEEDS
        live = None if rng.random() < WHOLE else (rng.choice(CHUNKS), rng.choice(AHEAD))
        crops = slower if read else alike
        places = crops.draw(TOKENS_A_BATCH * args.larger // tokens, 2 * tokens)
        mel = audio.tokenizer_mel(corpus.waves("wave16", places))
        if rng.random() < PERTURBED:
            mel = perturbed(mel, 4 * tokens)
        levels = soft(model, mel, live)
        logits, mel_out = model.readers(rounded(levels))
        losses = reading_losses(
            logits, mel_out, corpus.take("labels", places),
            without_mean(corpus.take("mel", places).transpose(1, 2).float()))
        loss = sum(WEIGHTS[k] * v for k, v in losses.items())
        if not read:
            with torch.no_grad():
                wanted = soft(told, audio.tokenizer_mel(clear(corpus, places)))
            losses["same"] = same_loss(levels, wanted)
            loss = loss + SAME_WEIGHT * losses["same"]
        trainer.update(loss, **losses)
        if step % SCORE_STEPS == SCORE_STEPS - 1:
            print("valid", score(model, told, corpus, valid["p"]), flush=True)
    print("valid", score(model, told, corpus, valid["p"]))


if __name__ == "__main__":
    main()
