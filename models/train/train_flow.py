# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 5: the flow. Token encoder and estimator of velocities learn together, on everyone.

A row is a prompt of one speaker followed by other speech of that speaker, as in synthesis;
tokens say little of who speaks, so identity must come from the x-vector and the prompt's mel.
Paired rows are a library voice's prompt, and its speech for the tokens of a recording of
somebody else, as in conversion.
The encoder's own mel is the teacher's voice; the estimator makes it anybody's.
Attention is limited to chunks: the prompt is the first, then random sizes, sometimes all in
one. Most rows start at time 0, since the model takes one step.
`--carry OLD.pt` starts from a flow whose tokens meant something else (another tokenizer):
the new tokens' embeddings are means of the old ones, by co-occurrence.
`--decode N` writes N rows of mels as the flow makes them, for the vocoder.
"""
import random
from pathlib import Path

import numpy as np
import torch
from torch import nn

import data
import sizes
import speakers
import training
from modules.flow import MELS, Flow
from modules.hift import PitchPredictor
from modules.token_encoder import chunk_mask
from train_tokenizer import equalised, warped

TOKENS_A_BATCH = 1024
LENGTHS = (64, 64, 96, 96, 128, 256)    # tokens of a row, prompt included
PROMPTED, WHOLE = 0.85, 0.4         # shares of rows: with a prompt; unlimited attention
CHUNKS = (6, 50)                     # tokens
AT_START = 0.95
NO_VECTOR = 0.1                      # share of prompted rows without x-vector
OTHERS = 0.15                        # share of prompted rows that become other people
OTHER_TRACT, TILT = 0.1, 0.4         # spread of their formants, and of their spectrum, log
COLOURED = 0.4                       # share of prompted rows that are equalised alone
LEVEL = 0.03                         # spread of the level of prompted rows, log
MU_WEIGHT, PITCH_WEIGHT = 1.0, 2.0
SCORE_STEPS = 500
PITCH_SHARE = 0.3                    # an error of this share of a row's F0 costs 1
SHARES = {"t": 0.12, "s": 0.4, "n": 0.28, "p": 0.2}
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
    """Every voice's utterances end to end, as a ring for each voice, and random stretches of
    them. Voices are a speaker's in a kind of shard. All is drawn where it is computed."""

    def __init__(self, corpus, by_kind, shares=SHARES):
        self.corpus = corpus
        voices = {}
        for kind, some in by_kind.items():
            for u in some:
                voices.setdefault((kind, u.who), []).append(u)
        # Paired speech follows a prompt of the speaker's own recordings.
        before = lambda kind, who: ("s" if kind == "p" else kind, who)
        voices = {v: some for v, some in voices.items() if before(*v) in voices}
        names = list(voices)
        self._tokens = data.on_device(np.concatenate(
            [np.arange(u.place, u.place + u.frames, 2) for v in names for u in voices[v]]))
        self._first, self._count = self._spans([sum(u.tokens for u in voices[v]) for v in names])
        heard = [[] if kind == "p" else voices[kind, who] for kind, who in names]
        self._vectors = data.on_device(np.stack(
            [u.speaker("xvector") for some in heard for u in some]))
        self._first_vector, self._vector_count = self._spans([len(some) for some in heard])
        self._before = torch.tensor([names.index(before(*v)) for v in names])
        self._kinds = torch.tensor([ord(kind) for kind, _ in names])
        self._share = self._shares(names, shares)

    @staticmethod
    def _spans(counts):
        counts = np.array(counts)
        return data.on_device(np.cumsum(counts) - counts), data.on_device(counts)

    @staticmethod
    def _shares(names, shares):
        """Cumulative, over voices, given those of kinds."""
        library = {s.name for s in speakers.LIBRARY}
        share = np.array([LIBRARY_TIMES if kind == "s" and who in library else 1.0
                          for kind, who in names])
        kinds = np.array([kind for kind, _ in names])
        for kind in set(kinds):
            share[kinds == kind] *= shares[kind] / share[kinds == kind].sum()
        return data.on_device(np.cumsum(share / share.sum()).astype(np.float32))

    def rows(self, count, length, prompt):
        """Places in the corpus (50/s), (count, 2 length), of `prompt` (count,) tokens of a voice
        and other speech of it; its x-vectors; whether it is the teacher's."""
        voice = torch.searchsorted(self._share, torch.rand(count)).clamp(max=len(self._share) - 1)
        before = self._before[voice]
        at, draw = torch.arange(length), lambda most: (torch.rand(count) * most).long()
        rest = draw(self._count[voice])
        # A prompt from the same ring begins where the rest ends, or later, before it begins again.
        apart = (self._count[voice] - length).clamp(min=0)
        own = rest + length - prompt + draw(apart + 1)
        first = torch.where(before == voice, own, draw(self._count[before]))
        of_rest = self._first[voice, None] + (
            (rest - prompt)[:, None] + at) % self._count[voice, None]
        of_prompt = self._first[before, None] + (
            first[:, None] + at) % self._count[before, None]
        tokens = self._tokens[torch.where(at < prompt[:, None], of_prompt, of_rest)]
        vector = self._vectors[self._first_vector[before] + draw(self._vector_count[before])]
        return (torch.stack([tokens, tokens + 1], -1).flatten(1), vector, self._kinds[voice])


def chunks(prompt, length):
    """Chunk number of every token, (rows, length), given prompts (rows,)."""
    rows = len(prompt)
    lengths = torch.randint(CHUNKS[0], CHUNKS[1] + 1, (rows, length // CHUNKS[0]))
    edges = prompt[:, None] + torch.cat([torch.zeros(rows, 1).long(), lengths.cumsum(1)], 1)
    groups = (edges[:, None] <= torch.arange(length)[:, None]).sum(-1)
    return groups * (torch.rand(rows, 1) >= WHOLE)


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
    """Rows of `length` tokens, some with a prompt in front. If `changed`, a share of those, but for
    the teacher's, is of people whom nobody heard, another comes through an equaliser, of which the
    prompt tells and the x-vector does not; their waves are not known."""

    def __init__(self, speech, rows, length, prompt=None, changed=False):
        if prompt is None:
            some = 12 + (torch.rand(rows) * (length * 2 // 3 - 11)).long()
            prompts = some * (torch.rand(rows) < PROMPTED)
        else:
            prompts = torch.full((rows,), prompt)
        self.places, vector, kinds = speech.rows(rows, length, prompts)
        self.teacher, self.paired = (kinds == ord("t")).float(), kinds == ord("p")
        self.groups = chunks(prompts, length)
        prompted = prompts > 0
        self.xvector = vector * ~(prompted & (torch.rand(rows) < NO_VECTOR))[:, None]
        corpus = speech.corpus
        self.codes = corpus.take("codes", self.places[:, ::2] // 2).long()
        self.f0 = corpus.take("f0", self.places).float()
        level = LEVEL * torch.randn(rows) * prompted
        mel = corpus.take("mel", self.places).float() + level[:, None, None]
        self.pitched = torch.ones(rows)   # F0 is that of the corpus
        mel = mel.transpose(1, 2)
        if changed:
            mel = self._changed(mel, prompted & (kinds != ord("t")))
        self.mel = mel.clamp(min=float(np.log(1e-5))).contiguous()
        given = torch.arange(2 * length) < 2 * prompts[:, None]
        self.prompt, self.wanted = self.mel * given[:, None], 1 - 0.9 * given.float()


    def _changed(self, mel, rows):
        """Some of those rows become people of whom the prompt alone tells how they sound."""
        draw = torch.rand(len(mel))
        others, coloured = rows & (draw < OTHERS), rows & (draw < OTHERS + COLOURED)
        self.xvector = self.xvector * ~others[:, None]
        self.pitched = (~others).float()   # F0 moved with the formants
        mel = torch.where(others[:, None, None], warped(mel, mel.shape[-1], OTHER_TRACT), mel)
        return torch.where(coloured[:, None, None], equalised(mel, TILT), mel)


@torch.no_grad()
def start_estimator(flow, speech):
    """The start of `pass_mu_through` on a few batches."""
    fitting = []
    for length in (64, 96, 128):
        b = Batch(speech, TOKENS_A_BATCH // length, length)
        x, t, velocity = flow.noisy(b.mel)
        mask = chunk_mask(b.groups.repeat_interleave(2, 1))
        fitting.append((velocity, (x, flow.mu(b.codes, b.groups), t, flow.speaker(b.xvector),
                                   b.prompt, mask)))
    pass_mu_through(flow.decoder["estimator"], fitting)


def carry(state, indices):
    """Embeddings of tokens for what `codes.npy` holds now, given those for `codes-old.npy`."""
    name = "flow.input_embedding.weight"
    state[name] = data.carried(state[name], indices, sizes.CODES)


def pitch_loss(predicted, f0, weight):
    """L1 against each row's own F0, so that low voices weigh like high ones."""
    voiced = f0 > 0
    middle = (f0.sum(1) / voiced.sum(1).clamp(min=1)).clamp(min=60.0)
    return ((predicted - f0).abs() / (PITCH_SHARE * middle[:, None]) * weight).sum()


def losses(model, b):
    """L1 of the velocity where speech is wanted; of the encoder's own mel, which is the
    teacher's, so that it is as sharp as one voice can be; of F0 read from the mel. Returns their
    weighted sum, each for the progress line, and the mel that was made."""
    flow = model.flow
    with training.half():
        mu = flow.mu(b.codes, b.groups)
        x, t, target = flow.noisy(b.mel, AT_START)
        velocity = flow.velocity(x, t, mu, flow.speaker(b.xvector), b.prompt, b.groups)
    weight = b.wanted / b.wanted.sum()
    made = x + (1 - t)[:, None, None] * velocity.float()   # where this velocity leads
    far = ((velocity.float() - target).abs().mean(1) * weight).sum()
    own = ((mu.float() - b.mel).abs().mean((1, 2)) * b.teacher).sum()
    own = own / b.teacher.sum().clamp(min=1)
    pitch = pitch_loss(model.f0_predictor(made), b.f0, weight * b.pitched[:, None])
    return (far + MU_WEIGHT * b.teacher.mean() * own + PITCH_WEIGHT * pitch,
            {"velocity": far, "mu": own, "pitch": pitch}, made)


@torch.no_grad()
def made(flow, b):
    """The mel of a model that takes one step, prompts included."""
    x = torch.randn_like(b.mel) * flow.settings["temperature"]
    return x + flow.velocity(x, torch.zeros(len(x)), flow.mu(b.codes, b.groups),
                             flow.speaker(b.xvector), b.prompt, b.groups)


@torch.no_grad()
def score(flow, speech):
    """L1 of a mel made in one step, after unseen prompts."""
    found = []
    with torch.random.fork_rng():
        torch.manual_seed(4)
        for length in (64, 96, 128):
            b = Batch(speech, 4 * TOKENS_A_BATCH // length, length)
            new = (b.wanted == 1).float()
            far = (made(flow, b) - b.mel).abs().mean(1)
            found.append(((far * new).sum() / new.sum()).item())
    return f"mel L1 {np.mean(found):.4f}"


@torch.no_grad()
def decode(work, speech, count):
    """Mels made from true tokens after other speech of the same speaker as a prompt."""
    assert sizes.FLOW["steps"] == 1, "decoding in several steps is not written"
    flow = training.load_weights(work, "flow", FlowTraining()).flow
    mels, places = [], []
    length, rest = DECODED_PROMPT + DECODED_REST, slice(2 * DECODED_PROMPT, None)
    for _ in range(0, count, 16):
        b = Batch(speech, 16, length, DECODED_PROMPT)
        with training.half():
            mel = flow.coloured(made(flow, b), b.mel[..., :2 * DECODED_PROMPT])
        mels.append(mel.transpose(1, 2).half().cpu())
        places.append(b.places[:, rest].cpu())
    torch.save({"mel": torch.cat(mels), "places": torch.cat(places)}, work / "decoded.pt")
    print(f"decoded {16 * len(mels)} rows")


def main():
    parser = training.arguments(__doc__, minutes=60, rate=1.2e-3)
    parser.add_argument("--decode", type=int, help="no training: decode so many rows")
    parser.add_argument("--kinds", default="tsnp")
    parser.add_argument("--carry", type=Path, help="weights of a flow to start from")
    args = training.ready(parser.parse_args())
    corpus = data.Corpus(args.work, args.kinds, args.shards)
    train, valid = corpus.split()
    speech, unseen = Speech(corpus, train), Speech(corpus, valid)
    if args.decode:
        return decode(args.work, speech, args.decode)
    model = FlowTraining()
    flow = model.flow
    if not (args.work / "flow.pt").exists():
        if args.carry:
            state = torch.load(args.carry, map_location="cpu", weights_only=False)["model"]
            carry(state, data.shards(args.work, "t", 1))
            model.load_state_dict(state)
        else:
            start_estimator(flow, speech)
    trainer = training.Trainer("flow", model, args, weight_decay=0.01)
    rng = random.Random(args.seed + trainer.step)

    @training.Replayed
    def learn(length):
        b = Batch(speech, TOKENS_A_BATCH * args.larger // length, length, changed=True)
        loss, reported, _ = losses(model, b)
        trainer.learn(loss)
        return reported

    for step in trainer:
        trainer.count(**learn(rng.choice(LENGTHS)))
        if step % SCORE_STEPS == SCORE_STEPS - 1:
            print("valid", score(flow, unseen), flush=True)
    print("valid", score(flow, unseen))


if __name__ == "__main__":
    main()
