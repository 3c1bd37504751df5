# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 5: the flow. Token encoder and estimator of velocities learn together, on everyone.

A row is a prompt of one speaker followed by other speech of that speaker, as in synthesis;
tokens say little of who speaks, so identity must come from the x-vector and the prompt's mel.
The encoder's own mel is the teacher's voice; the estimator makes it anybody's.
Attention is limited to chunks: the prompt is the first, then random sizes, sometimes all in
one. Most rows start at time 0, since the model takes one step.
`--carry OLD.pt` starts from a flow whose tokens meant something else (another tokenizer):
the new tokens' embeddings are means of the old ones, by co-occurrence.
`--decode N` writes N rows of mels as the flow makes them, for the vocoder.
"""
import bisect
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import data
import sizes
import speakers
import training
from modules.flow import MELS, Flow
from modules.hift import PitchPredictor
from modules.token_encoder import chunk_mask

TOKENS_A_BATCH = 1024
LENGTHS = (64, 64, 96, 96, 128, 256)    # tokens of a row, prompt included
PROMPTED, WHOLE = 0.85, 0.4         # shares of rows: with a prompt; unlimited attention
CHUNKS = (6, 50)                     # tokens
AT_START = 0.85
NO_VECTOR = 0.1                      # share of prompted rows without x-vector
LEVEL = 0.03                         # spread of the level of prompted rows, log
MU_WEIGHT, PITCH_WEIGHT = 1.0, 2.0
SCORE_STEPS = 250
PITCH_SHARE = 0.3                    # an error of this share of a row's F0 costs 1
SHARES = {"t": 0.25, "s": 0.5, "n": 0.25}
LIBRARY_TIMES = 4                    # each voice of the library, against others of "s"
DECODED_PROMPT, DECODED_REST = 64, 128   # tokens of a decoded row


class FlowTraining(nn.Module):
    """The flow, and the part of the vocoder that reads F0 from its mels."""

    def __init__(self):
        super().__init__()
        self.flow = Flow(sizes.CODES, sizes.XVECTOR["embedding"], sizes.ENCODER, sizes.ESTIMATOR,
                         sizes.FLOW)
        self.f0_predictor = PitchPredictor(sizes.HIFT["f0_channels"])
        nn.init.constant_(self.flow.encoder_proj.bias, -6.0)   # mels: log magnitudes around -6
        with torch.no_grad():   # F0 is in Hz: start at a speaking pitch
            self.f0_predictor.classifier.bias.fill_(80.0)
            self.f0_predictor.classifier.weight.mul_(30.0)


class Speech:
    """Utterances by speaker, and the next row's material."""

    def __init__(self, corpus, by_kind, rng):
        self.corpus, self._rng, self._by_who = corpus, rng, {}
        self._kinds = [k for k in by_kind if by_kind[k]]
        self._people = {}
        for kind in self._kinds:
            for u in by_kind[kind]:
                self._by_who.setdefault(u.who, []).append(u)
            people = sorted({u.who for u in by_kind[kind]})
            self._people[kind] = people + LIBRARY_TIMES * [
                s.name for s in speakers.LIBRARY if s.name in people]
        for some in self._by_who.values():
            some.sort(key=lambda u: u.tokens)

    def row(self, prompt, tokens):
        """Places in the corpus (50/s) of the prompt and of the rest; an x-vector of the
        speaker; whether that is the teacher."""
        while True:
            kind = self._rng.choices(self._kinds, [SHARES[k] for k in self._kinds])[0]
            who = self._rng.choice(self._people[kind])
            first, rest = self._joined(who, prompt), self._joined(who, tokens)
            if first is not None and rest is not None:
                vector = self._rng.choice(self._by_who[who]).speaker("xvector")
                return np.concatenate([first, rest]), vector, kind == "t"

    def _joined(self, who, tokens):
        """Speech of `tokens` tokens, out of several utterances where one is too short."""
        some, parts, left = self._by_who[who], [np.zeros(0, np.int64)], tokens
        while left:
            long = bisect.bisect_left(some, left, key=lambda u: u.tokens)
            if long < len(some):
                u, count = some[self._rng.randrange(long, len(some))], left
                start = u.place + 2 * self._rng.randrange(u.tokens - count + 1)
            else:
                u = self._rng.choice(some)
                if min(u.tokens, left) < 4:
                    return None
                start, count = u.place, u.tokens
            parts.append(np.arange(start, start + 2 * count))
            left -= count
        return np.concatenate(parts)


def chunks(prompt, length, rng):
    """Chunk number of every token."""
    if rng.random() < WHOLE:
        return np.zeros(length, np.int64)
    edges, at = [], prompt
    while at < length:
        edges.append(at)
        at += rng.randint(*CHUNKS)
    return np.searchsorted(edges, np.arange(length), side="right")


@torch.no_grad()
def pass_mu_through(estimator, batches):
    """Starts the estimator near the answer "velocity = mu": the residual path carries mu, all
    else is small, and the last projection is fitted by least squares on `batches`, each a
    tuple (target velocity, inputs). Learning the same from random weights takes an hour.
    """
    channels = estimator.final_proj.in_channels
    quiet = lambda layer: (layer.weight.mul_(0.1), layer.bias.zero_())
    def keep(conv, first=0, count=channels):   # the newest input `first`... comes out unchanged
        conv.weight.mul_(0.1)
        conv.bias.zero_()
        conv.weight[:count, :, -1] = 0
        conv.weight[range(count), range(first, first + count), -1] = 1
    stages = [*estimator.down_blocks, *estimator.mid_blocks, *estimator.up_blocks]
    for stage in stages:
        quiet(stage[0].block2.block["2"])
        keep(stage[0].res_conv)
        for block in stage[1]:
            quiet(block.attn1.to_out[0])
            quiet(block.ff.net["2"])
        if len(stage) == 3:
            keep(stage[2])
    keep(estimator.down_blocks[0][0].res_conv, first=MELS, count=MELS)
    conv, norm = estimator.final_block.block["0"], estimator.final_block.block["2"]
    keep(conv, count=MELS)
    conv.bias[:MELS] = 5.5   # mels are around -5.5
    # Large constants beside the mel keep the norm from erasing its level and size.
    conv.bias[MELS:] = 10.0 * (-1.0) ** torch.arange(channels - MELS)
    norm.bias.fill_(1.5)     # where mish is nearly straight
    seen, wanted = [], []
    hook = estimator.final_proj.register_forward_hook(
        lambda _, inputs, __: seen.append(inputs[0].transpose(1, 2).flatten(0, 1)))
    for velocity, inputs in batches:
        estimator(*inputs)
        wanted.append(velocity.transpose(1, 2).flatten(0, 1))
    hook.remove()
    seen = torch.cat(seen)
    seen = torch.cat([seen, torch.ones(len(seen), 1)], 1)
    square = seen.T @ seen + 1e-3 * len(seen) * torch.eye(seen.shape[1])
    fitted = torch.linalg.solve(square, seen.T @ torch.cat(wanted))
    estimator.final_proj.weight.copy_(fitted[:-1].T[..., None])
    estimator.final_proj.bias.copy_(fitted[-1])


class Batch:
    """Rows of `length` tokens, some with a prompt in front."""

    def __init__(self, speech, rng, most=TOKENS_A_BATCH, length=None, prompt=None):
        length = length or rng.choice(LENGTHS)
        places, groups, vectors, teacher, prompts, levels = [], [], [], [], [], []
        for _ in range(most // length):
            first = prompt
            if first is None:
                first = rng.randint(12, length * 2 // 3) if rng.random() < PROMPTED else 0
            where, vector, taught = speech.row(first, length - first)
            places.append(where)
            groups.append(chunks(first, length, rng))
            vectors.append(vector * (not first or rng.random() >= NO_VECTOR))
            teacher.append(np.float32(taught))
            prompts.append(first)
            levels.append(np.float32(rng.gauss(0, LEVEL) if first else 0))
        device = lambda rows: data.on_device(np.stack(rows))
        self.places, self.groups, self.xvector = device(places), device(groups), device(vectors)
        self.teacher, corpus = device(teacher), speech.corpus
        self.codes = corpus.take("codes", self.places[:, ::2] // 2).long()
        self.f0 = corpus.take("f0", self.places).float()
        mel = corpus.take("mel", self.places).float() + device(levels)[:, None, None]
        self.mel = mel.clamp(min=float(np.log(1e-5))).transpose(1, 2).contiguous()
        given = torch.arange(2 * length) < 2 * device(prompts)[:, None]
        self.prompt, self.wanted = self.mel * given[:, None], 1 - 0.9 * given.float()


@torch.no_grad()
def start_estimator(flow, speech, rng):
    """The start of `pass_mu_through` on a few batches."""
    fitting = []
    for _ in range(3):
        b = Batch(speech, rng)
        x, t, velocity = flow.noisy(b.mel)
        mask = chunk_mask(b.groups.repeat_interleave(2, 1))
        fitting.append((velocity, (x, flow.mu(b.codes, b.groups), t, flow.speaker(b.xvector),
                                   b.prompt, mask)))
    pass_mu_through(flow.decoder["estimator"], fitting)


def carry(state, indices):
    """Embeddings of tokens for what `codes.npy` holds now, given those for `codes-old.npy`."""
    share, seen = data.co_occurrence(indices, sizes.CODES)
    name = "flow.input_embedding.weight"
    before = state[name]
    state[name] = torch.where(seen[:, None], share @ before, before.mean(0))


def pitch_loss(predicted, f0, weight):
    """L1 against each row's own F0, so that low voices weigh like high ones."""
    voiced = f0 > 0
    middle = (f0.sum(1) / voiced.sum(1).clamp(min=1)).clamp(min=60.0)
    return ((predicted - f0).abs() / (PITCH_SHARE * middle[:, None]) * weight).sum()


def losses(model, b):
    """L1 of the velocity where speech is wanted; of the encoder's own mel, which is the
    teacher's, so that it is as sharp as one voice can be; of F0 read from the mel."""
    flow = model.flow
    with training.half():
        mu = flow.mu(b.codes, b.groups)
        x, t, target = flow.noisy(b.mel, AT_START)
        velocity = flow.velocity(x, t, mu, flow.speaker(b.xvector), b.prompt, b.groups)
    weight = b.wanted / b.wanted.sum()
    made = x + (1 - t)[:, None, None] * velocity.float()   # where this velocity leads
    return (((velocity.float() - target).abs().mean(1) * weight).sum(),
            ((mu.float() - b.mel).abs().mean((1, 2)) * b.teacher).sum()
            / b.teacher.sum().clamp(min=1),
            pitch_loss(model.f0_predictor(made), b.f0, weight))


@torch.no_grad()
def made(flow, b):
    """The mel of a model that takes one step, prompts included."""
    x = torch.randn_like(b.mel) * flow.settings["temperature"]
    return x + flow.velocity(x, torch.zeros(len(x)), flow.mu(b.codes, b.groups),
                             flow.speaker(b.xvector), b.prompt, b.groups)


@torch.no_grad()
def score(flow, speech, batches=3):
    """L1 of a mel made in one step, after unseen prompts."""
    rng, state, found = random.Random(4), torch.get_rng_state(), []
    for _ in range(batches):
        b = Batch(speech, rng)
        new = (b.wanted == 1).float()
        far = (made(flow, b) - b.mel).abs().mean(1)
        found.append(((far * new).sum() / new.sum()).item())
    torch.set_rng_state(state)
    return f"mel L1 {np.mean(found):.4f}"


@torch.no_grad()
def decode(work, speech, count):
    """Mels made from true tokens after other speech of the same speaker as a prompt."""
    assert sizes.FLOW["steps"] == 1, "decoding in several steps is not written"
    flow = training.load_weights(work, "flow", FlowTraining()).flow
    rng, mels, places = random.Random(3), [], []
    length, rest = DECODED_PROMPT + DECODED_REST, slice(2 * DECODED_PROMPT, None)
    for _ in range(0, count, 16):
        b = Batch(speech, rng, 16 * length, length, DECODED_PROMPT)
        with training.half():
            mel = made(flow, b)
        mels.append(mel[..., rest].transpose(1, 2).half().cpu())
        places.append(b.places[:, rest].cpu())
    torch.save({"mel": torch.cat(mels), "places": torch.cat(places)}, work / "decoded.pt")
    print(f"decoded {16 * len(mels)} rows")


def main():
    parser = training.arguments(__doc__, minutes=60, rate=1.2e-3)
    parser.add_argument("--decode", type=int, help="no training: decode so many rows")
    parser.add_argument("--kinds", default="tsn")
    parser.add_argument("--carry", type=Path, help="weights of a flow to start from")
    args = training.ready(parser.parse_args())
    rng = random.Random(args.seed)
    corpus = data.Corpus(args.work, args.kinds, args.shards)
    train, valid = {}, {}
    for kind, some in corpus.by_kind.items():
        train[kind], valid[kind] = data.split(some)
    speech, unseen = Speech(corpus, train, rng), Speech(corpus, valid, random.Random(9))
    if args.decode:
        return decode(args.work, speech, args.decode)
    model = FlowTraining()
    flow = model.flow
    if not (args.work / "flow.pt").exists():
        if args.carry:
            state = torch.load(args.carry)
            carry(state, data.shards(args.work, "t", 1))
            model.load_state_dict(state)
        else:
            start_estimator(flow, speech, rng)
    trainer = training.Trainer("flow", model, args, weight_decay=0.01)
    rng.seed(args.seed + trainer.step)
    for step in trainer:
        b = Batch(speech, rng, TOKENS_A_BATCH * args.larger)
        velocity, mu, pitch = losses(model, b)
        trainer.update(velocity + MU_WEIGHT * b.teacher.mean() * mu + PITCH_WEIGHT * pitch,
                       velocity=velocity, mu=mu, pitch=pitch)
        if step % SCORE_STEPS == SCORE_STEPS - 1:
            print("valid", score(flow, unseen), flush=True)
    print("valid", score(flow, unseen))


if __name__ == "__main__":
    main()
