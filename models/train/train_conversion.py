# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 5b: the flow once more, now that it hears recordings as conversion does.

Tokens of paired rows are made anew for every row: from the first of the row on, mostly a few at a
time with little after them, as in live conversion, and through other channels and rooms. Such
tokens differ from those of the whole recording, and most where little was heard before. All else
is as in train_flow.py, whose flow.pt goes on here.
"""
import json
import random

import torch

import audio
import data
import train_flow
import training
from modules.s3tokenizer import Live
from train_tokenizer import TokenizerTraining, perturbed

SHARES = {"t": 0.04, "s": 0.2, "n": 0.22, "p": 0.54}
LENGTHS = ((40, 56), (48, 80), (64, 128), (48, 176))   # tokens of prompt and rest
WHOLE = 0.3                          # share of steps that hear all at once
CHUNKS = (4, 4, 4, 4, 3, 6, 12, 25)  # tokens heard at a time
AHEAD = (3, 3, 3, 2)                 # and after them
PERTURBED = 0.5                      # share of steps
SCORE_STEPS = 200


@torch.no_grad()
def hear(tokenizer, wave, live=None, disturbed=False):
    """Waves (B, samples) -> codes (B, T), heard in `live` = (chunk, ahead) or as a whole."""
    mel = audio.tokenizer_mel(wave)
    tokens = mel.shape[-1] // 4
    if disturbed:
        mel = perturbed(mel, 4 * tokens)
    with training.half():
        if live is None:
            return tokenizer(mel)[1]
        chunk, ahead = live
        blocks = -(-tokens // chunk)
        silence = mel.amin((1, 2), keepdim=True)
        silence = silence.expand(-1, mel.shape[1], 4 * (blocks * chunk + ahead - tokens))
        how = Live(blocks, chunk, ahead)
        return tokenizer(torch.cat([mel, silence], -1), how)[1][:, how.settled][:, :tokens]


def listen(tokenizer, corpus, b, prompt, live=None, disturbed=False):
    """Tokens of the batch's paired rows, after the prompt, become what is heard."""
    if b.paired.any():
        waves = corpus.waves("wave16", b.places[b.paired, 2 * prompt:])
        b.codes[b.paired, prompt:] = hear(tokenizer, waves, live, disturbed).long()


@torch.no_grad()
def score(tokenizer, flow, corpus, speech):
    """L1 of mels made from live tokens, and from whole ones, of unseen recordings."""
    found, prompt, rest = {}, 48, 80
    for name, live in (("live", (4, 3)), ("whole", None)):
        with torch.random.fork_rng():
            torch.manual_seed(4)
            far = []
            for _ in range(4):
                b = train_flow.Batch(speech, 24, prompt + rest, prompt)
                listen(tokenizer, corpus, b, prompt, live)
                new = (train_flow.made(flow, b) - b.mel)[..., 2 * prompt:]
                far.append(new.abs().mean().item())
        found[name] = sum(far) / len(far)
    return "mel L1 live {live:.4f} whole {whole:.4f}".format(**found)


def main():
    parser = training.arguments(__doc__, minutes=60, rate=3e-4)
    args = training.ready(parser.parse_args())
    phones = len(json.loads((args.work / "phones.json").read_text()))
    tokenizer = training.load_weights(args.work, "tokenizer", TokenizerTraining(phones)).tokenizer
    corpus = data.Corpus(args.work, "tsnp", args.shards)
    train, valid = corpus.split()
    speech = train_flow.Speech(corpus, train, SHARES)
    unseen = train_flow.Speech(corpus, {"s": train["s"], "p": valid["p"]}, {"s": 0.0, "p": 1.0})
    model = train_flow.FlowTraining()
    trainer = training.Trainer("flow", model, args, weight_decay=0.01)
    rng = random.Random(args.seed + trainer.step)
    for step in trainer:
        prompt, rest = rng.choice(LENGTHS)
        live = None if rng.random() < WHOLE else (rng.choice(CHUNKS), rng.choice(AHEAD))
        rows = train_flow.TOKENS_A_BATCH * args.larger // (prompt + rest)
        b = train_flow.Batch(speech, rows, prompt + rest, prompt)
        listen(tokenizer, corpus, b, prompt, live, rng.random() < PERTURBED)
        loss, reported = train_flow.losses(model, b)
        trainer.update(loss, **reported)
        if step % SCORE_STEPS == SCORE_STEPS - 1:
            print("valid", score(tokenizer, model.flow, corpus, unseen), flush=True)
    print("valid", score(tokenizer, model.flow, corpus, unseen))


if __name__ == "__main__":
    main()
