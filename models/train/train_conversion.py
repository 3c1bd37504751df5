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
from modules.critic import Adversary, Critics, MelCritic
from train_tokenizer import TokenizerTraining, perturbed

SHARES = {"t": 0.06, "s": 0.22, "n": 0.27, "p": 0.45}
LENGTHS = ((40, 56), (48, 80), (64, 128), (48, 176))   # tokens of prompt and rest
WHOLE = 0.3                          # share of steps that hear all at once
CHUNKS = (4, 4, 4, 4, 3, 6, 12, 25)  # tokens heard at a time
AHEAD = (3, 3, 3, 2)                 # and after them
PERTURBED = 0.5                      # share of steps
PASSING_WEIGHT, ALIKE_WEIGHT = 0.1, 0.3
CRITIC_ALONE = 100                   # steps in which the critic learns and the flow does not see it
SCORE_STEPS = 200


@torch.no_grad()
def hear(tokenizer, wave, live=None, disturbed=False):
    """Waves (B, samples) -> codes (B, T), heard in `live` = (chunk, ahead) or as a whole."""
    mel = audio.tokenizer_mel(wave)
    if disturbed:
        mel = perturbed(mel, mel.shape[-1])
    with training.half():
        return tokenizer(mel, live)[1]


def listen(tokenizer, corpus, b, prompt, live=None, disturbed=False):
    """Tokens of the batch's paired rows, after the prompt, become what is heard; attention in all
    rows is limited to what was heard by then."""
    if live:
        after = torch.arange(b.codes.shape[1]) - prompt
        b.groups = ((after >= 0) * (1 + after // live[0])).expand_as(b.codes)
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
    parser.add_argument("--critic", action="store_true", help="learn from a critic of mels too")
    args = training.ready(parser.parse_args())
    phones = len(json.loads((args.work / "phones.json").read_text()))
    tokenizer = training.load_weights(args.work, "tokenizer", TokenizerTraining(phones)).tokenizer
    corpus = data.Corpus(args.work, "tsnp", args.shards)
    train, valid = corpus.split()
    speech = train_flow.Speech(corpus, train, SHARES)
    unseen = train_flow.Speech(corpus, {"s": train["s"], "p": valid["p"]}, {"s": 0.0, "p": 1.0})
    model = train_flow.FlowTraining()
    trainer = training.Trainer("flow", model, args, weight_decay=0.01)
    adversary = args.critic and Adversary(
        Critics([MelCritic()]), args.work / "mel-critic.pt", args.rate)
    rng = random.Random(args.seed + trainer.step)
    for step in trainer:
        prompt, rest = rng.choice(LENGTHS)
        live = None if rng.random() < WHOLE else (rng.choice(CHUNKS), rng.choice(AHEAD))
        rows = train_flow.TOKENS_A_BATCH * args.larger // (prompt + rest)
        b = train_flow.Batch(speech, rows, prompt + rest, prompt, changed=True)
        listen(tokenizer, corpus, b, prompt, live, rng.random() < PERTURBED)
        loss, reported, made = train_flow.losses(model, b)
        if adversary:
            real, own = b.mel[..., 2 * prompt:], made[..., 2 * prompt:]
            reported["critic"] = adversary.learn(real, own)
            if step >= trainer.earlier + CRITIC_ALONE:
                reported["passing"], reported["alike"] = adversary.opinion(real, own)
                loss = loss + (PASSING_WEIGHT * reported["passing"]
                               + ALIKE_WEIGHT * reported["alike"])
        trainer.update(loss, **reported)
        if step % SCORE_STEPS == SCORE_STEPS - 1:
            print("valid", score(tokenizer, model.flow, corpus, unseen), flush=True)
    print("valid", score(tokenizer, model.flow, corpus, unseen))
    if adversary:
        adversary.save()


if __name__ == "__main__":
    main()
