# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 3b: the speech tokenizer once more, for speech that is heard as it comes.

Conversion hears a few tokens at a time and little of what follows them. What the tokenizer then
says is made to equal what it says, or said before this step, of the whole recording, so nothing
that learned from its tokens must learn again. Starts from tokenizer.pt and replaces it;
tokenizer-whole.pt keeps the one before.
"""
import random
import shutil

import torch
from torch import nn

import audio
import data
import sizes
import training
from modules.s3tokenizer import Live, S3Tokenizer
from train_tokenizer import perturbed

SHARES = {"t": 0.1, "s": 0.3, "n": 0.6}
TOKENS, TOKENS_A_BATCH = 100, 800
CHUNKS = (4, 4, 4, 3, 6, 8, 12)
AHEAD = (3, 3, 3, 2, 1)
GUESSED = 0.3     # what a token matters that will be heard once more
WHOLE = 0.25      # share of steps on whole rows
CLEAN = 0.5       # share of steps on speech as it is
SCORE_STEPS = 100


def only_tokenizer(path):
    state = torch.load(path, weights_only=False, map_location=torch.get_default_device())
    own = "tokenizer."
    tokenizer = S3Tokenizer(**sizes.S3TOKENIZER)
    tokenizer.load_state_dict({name[len(own):]: tensor.float()
                               for name, tensor in state["model"].items() if name.startswith(own)})
    return tokenizer


class Listener(nn.Module):
    def __init__(self, tokenizer):
        super().__init__()
        self.tokenizer = tokenizer

    def forward(self, mel, live):
        """Levels before they are rounded."""
        return self.tokenizer.quantizer._codebook.soft(self.tokenizer.encoder(mel, live))


def difference(soft, levels, live):
    """Squared distance from the levels wanted, (B, T, dims)."""
    if live is None:
        return (soft - levels).square().mean()
    weight = torch.where(live.settled, 1.0, GUESSED)[:, None]
    return ((soft - levels[:, live.at]).square() * weight).mean() / weight.mean()


@torch.no_grad()
def score(model, teacher, corpus, places):
    """Share of tokens, and of levels, that are those of whole recordings."""
    live = Live((places.shape[1] // 2 - 3) // 4, 4, 3)
    mel = audio.tokenizer_mel(corpus.waves("wave16", places))
    levels, _ = teacher(mel)
    said = []
    for name, how in (("live", live), ("whole", None)):
        soft = model(mel, how)
        same = soft.round() == (levels if how is None else levels[:, how.at])
        same = same if how is None else same[:, how.settled]
        said.append(f"{name}: tokens {same.all(-1).float().mean():.3f}"
                    f" levels {same.float().mean():.3f}")
    return "; ".join(said)


def main():
    parser = training.arguments(__doc__, minutes=30, rate=5e-4)
    parser.add_argument("--kinds", default="tsn")
    args = training.ready(parser.parse_args())
    before = args.work / "tokenizer-whole.pt"
    if not before.exists():
        shutil.copy(args.work / "tokenizer.pt", before)
    teacher = only_tokenizer(before).eval().requires_grad_(False)
    model = Listener(only_tokenizer(before))
    corpus = data.Corpus(args.work, args.kinds, args.shards)
    train = {kind: some[30:] for kind, some in corpus.by_kind.items()}
    unseen = data.Crops({"n": corpus.by_kind["n"][:30]}, SHARES, 5).draw(30, 2 * 103)
    trainer = training.Trainer("tokenizer-live", model, args, weight_decay=0.0)
    crops = data.Crops(train, SHARES, args.seed + trainer.step)
    rng = random.Random(args.seed + trainer.step)
    print("valid", score(model, teacher, corpus, unseen), flush=True)
    for step in trainer:
        chunk, ahead = rng.choice(CHUNKS), rng.choice(AHEAD)
        blocks = TOKENS // chunk
        tokens = blocks * chunk + ahead
        places = crops.draw(TOKENS_A_BATCH * args.larger // tokens, 2 * tokens)
        mel = audio.tokenizer_mel(corpus.waves("wave16", places))
        if rng.random() >= CLEAN:
            mel = perturbed(mel, 4 * tokens)
        live = None if rng.random() < WHOLE else Live(blocks, chunk, ahead)
        with torch.no_grad(), training.half():
            levels, _ = teacher(mel)
        with training.half():
            soft = model(mel, live)
        far = difference(soft.float(), levels.float(), live)
        trainer.update(far, **{"live" if live else "whole": far})
        if step % SCORE_STEPS == SCORE_STEPS - 1:
            print("valid", score(model, teacher, corpus, unseen), flush=True)
    print("valid", score(model, teacher, corpus, unseen))
    state = torch.load(args.work / "tokenizer.pt", weights_only=False, map_location="cpu")
    state["model"].update({name: tensor.cpu() for name, tensor in model.state_dict().items()})
    torch.save(state, args.work / "tokenizer.pt")


if __name__ == "__main__":
    main()
