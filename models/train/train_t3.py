# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 4: T3, phones to speech tokens, with one attention head told which phone is spoken
(docs/design/alignment.md).

It learns how the teacher and the synthetic speakers read, each conditioned on other speech of
its own: tokens say a little of who speaks, and the flow believes them. Emotion is how far the
reader's F0 was spread. `--carry OLD.pt` starts from a T3 whose tokens meant something else.
Needs the tokens (train_tokenizer.py --encode) and speaker embeddings (train_speakers.py).
"""
import json
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import data
import sizes
import training
from modules.t3 import T3

START, STOP = "[START]", "[STOP]"
NOISE = 0.08          # share of input speech tokens replaced at random
NO_TEXT = 0.1         # share of rows without text, for guidance
ALIGN_WEIGHT, TEXT_WEIGHT = 0.5, 0.05
NEIGHBOUR = 0.3       # what attention on a neighbour of the right phone is worth
POSITIONS_A_BATCH = 2000
SCORE_STEPS = 250


def vocabulary(work):
    """Symbol to id, over all shards; fixed by the first call."""
    path = work / "vocabulary.json"
    if not path.exists():
        symbols = sorted({s for u in data.load(work) for s in u.symbols})
        path.write_text(json.dumps({s: i for i, s in enumerate([STOP, START] + symbols)}))
    return json.loads(path.read_text())


def t3_sizes(vocab):
    return dict(sizes.T3, text_vocab=len(vocab), start_text=vocab[START], stop_text=vocab[STOP])


class Example:
    """One utterance as T3 sees it."""

    def __init__(self, u, vocab, emotion):
        ids = [vocab[START]] + [vocab[s] for s in u.symbols] + [vocab[STOP]]
        self.text = torch.tensor(ids, device="cpu")
        self.codes = torch.from_numpy(u.array("codes").astype(np.int64))
        spoken = torch.from_numpy(u.array("position").astype(np.int64))
        # Symbol looked at from both start embeddings, then from every token: the one that is
        # spoken next. The last token looks at the last symbol.
        last = torch.tensor([len(u.symbols) - 1], device="cpu")
        self.spoken = torch.cat([spoken[:1], spoken, last])
        self.emotion, self.who = emotion, u.who

    def __len__(self):
        return len(self.text) + len(self.codes)


def emotion_of(lively):
    """0 for the flattest readings of the teacher, 1 for the liveliest."""
    low, high = data.LIVELY
    return float(np.clip((lively - low) / (high - low), 0, 1))


def examples(utterances, vocab):
    """Those whose symbols the vocabulary has."""
    return [Example(u, vocab, emotion_of(u.lively)) for u in utterances
            if all(s in vocab for s in u.symbols)]


class Somebody:
    """Conditionings: a speaker embedding and speech tokens of the same person."""

    def __init__(self, utterances, length):
        some = [u for u in utterances if u.tokens >= length]
        self._vectors = data.on_device(np.stack([u.speaker() for u in some]))
        self._lengths = np.array([u.tokens for u in some])
        self._first = np.concatenate([[0], np.cumsum(self._lengths)[:-1]])
        self._codes = data.on_device(np.concatenate([u.array("codes") for u in some])).long()
        self._length, self._by_who = length, {}
        for k, u in enumerate(some):
            self._by_who.setdefault(u.who, []).append(k)

    def draw(self, rng, people):
        """Embeddings (people, size) and tokens (people, length)"""
        who = np.array([rng.choice(self._by_who[name]) for name in people])
        start = np.array([rng.randrange(n - self._length + 1) for n in self._lengths[who]])
        places = (self._first[who] + start)[:, None] + np.arange(self._length)
        return self._vectors[data.on_device(who)], self._codes[data.on_device(places)]


def buckets(items, rng, most):
    """Batches of similar length and at most so many positions, in random order."""
    order = sorted(range(len(items)), key=lambda i: len(items[i]) + 20 * rng.random())
    batches, current, longest = [], [], 0
    for i in order:
        longest = max(longest, len(items[i]))
        if current and longest * (len(current) + 1) > most:
            batches.append(current)
            current, longest = [], len(items[i])
        current.append(items[i])
    batches.append(current)
    rng.shuffle(batches)
    return batches


class Batch:
    """Rows padded on the right; `order` places condition, text, speech one after the other."""

    def __init__(self, rows, somebody, rng, condition, config, noise, drop):
        device = torch.get_default_device()
        pad = lambda name, fill: torch.nn.utils.rnn.pad_sequence(
            [getattr(r, name) for r in rows], True, fill).to(device)
        self.text, codes, self.spoken = pad("text", 0), pad("codes", 0), pad("spoken", -1)
        text = torch.tensor([len(r.text) for r in rows])[:, None]
        speech = torch.tensor([len(r.codes) for r in rows])[:, None]
        swap = torch.rand(codes.shape) < noise
        self.codes = torch.where(swap, torch.randint(0, sizes.CODES, codes.shape), codes)
        at = torch.arange(codes.shape[1] + 1)
        self.target = torch.cat([codes, codes[:, :1]], 1).where(at < speech, -100)
        self.target[at == speech] = config["stop_speech"]
        self.keep = (torch.rand(len(rows)) >= drop).float()
        self.emotion = torch.tensor([r.emotion for r in rows])
        self.speaker, self.prompt = somebody.draw(rng, [r.who for r in rows])
        self._place(text, speech, condition)

    def _place(self, text, speech, condition):
        """text, speech: lengths (rows, 1)"""
        first = condition + text   # the first start-of-speech embedding
        at = torch.arange(int((text + speech).max()) + condition + 2)
        gap = self.text.shape[1] - text
        self.order = torch.where(at < first, at, at + gap) * (at < first + speech + 2)
        spoken = torch.arange(self.spoken.shape[1])
        self.look = (first + spoken) * (spoken < speech + 2)   # places of speech
        # The guided head sees the symbols, without START and STOP.
        rows = (at >= first) & (at < first + speech + 2) & (self.keep[:, None] > 0)
        keys = (at > condition) & (at < first - 1)
        self.allowed = rows[:, :, None] & keys[:, None, :]


def forward(model, b):
    """Logits that predict the targets (B, S, vocab), guided scores from both start embeddings
    on (B, 1 + S, keys), all hidden states."""
    x = torch.cat([model.condition(b.speaker, b.prompt, b.emotion),
                   model.embed_text(b.text, b.keep), model.start(len(b.text)),
                   model.embed_speech(b.codes, 1)], 1)
    x = x.gather(1, b.order[..., None].expand(-1, -1, x.shape[-1]))
    hidden, scores = model.tfmr(x, allowed=b.allowed)
    pick = lambda y, at: y.gather(1, at[..., None].expand(-1, -1, y.shape[-1]))
    logits = model.speech_head(pick(hidden, b.look[:, 1:]))
    return logits.float(), pick(scores, b.look).float(), hidden


def align_loss(scores, b, condition):
    """-log of the attention on the right symbol; also how often the peak is within one of it."""
    n = b.text.shape[1] - 2
    share = scores.softmax(-1)[..., condition + 1:condition + 1 + n]
    at = b.spoken.clamp(min=0)[..., None]
    near = (torch.arange(n) - at).abs()
    weight = (near == 0).float() + NEIGHBOUR * (near == 1).float()
    use = (b.spoken >= 0) & (b.keep[:, None] > 0)
    mass = (share * weight).sum(-1)[use]
    hit = (share.argmax(-1) - at[..., 0]).abs()[use] <= 1
    return -(mass + 1e-6).log().mean(), hit.float().mean()


def text_loss(model, b, hidden, condition):
    """The text head predicts the next symbol, as upstream trains it; unused in speaking."""
    n = b.text.shape[1] - 1
    logits = model.text_head(hidden[:, condition:condition + n])
    target = torch.where(b.keep[:, None] > 0, b.text[:, 1:], -100)
    target = target.masked_fill(b.text[:, :-1] == model.sizes["stop_text"], -100)
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=-100)


@torch.no_grad()
def score(model, valid, somebody, config):
    model.eval()
    rng, state = random.Random(1), torch.get_rng_state()
    loss = count = hits = 0
    for rows in buckets(valid, rng, POSITIONS_A_BATCH):
        b = Batch(rows, somebody, rng, model.condition_length, config, noise=0.0, drop=0.0)
        logits, scores, _ = forward(model, b)
        loss += F.cross_entropy(logits.flatten(0, 1), b.target.flatten(), reduction="sum").item()
        n = (b.target >= 0).sum().item()
        hits += align_loss(scores, b, model.condition_length)[1].item() * n
        count += n
    torch.set_rng_state(state)
    model.train()
    return f"cross-entropy {loss / count:.3f} aligned {hits / count:.3f}"


def carry(state, indices):
    """Rows of speech tokens for what `codes.npy` holds now, given those for `codes-old.npy`."""
    before = len(state["speech_emb.weight"]) - 2   # START and STOP come after the codes
    for name in ("speech_emb.weight", "speech_head.weight"):
        codes, last = state[name].split((before, 2))
        state[name] = torch.cat([data.carried(codes, indices, sizes.CODES), last])


def main():
    parser = training.arguments(__doc__, minutes=90, rate=1.5e-3)
    parser.add_argument("--carry", type=Path, help="weights of a T3 to start from")
    args = training.ready(parser.parse_args())
    utterances = data.load(args.work, args.shards, "ts")
    vocab = vocabulary(args.work)
    config = t3_sizes(vocab)
    items = examples(utterances, vocab)
    random.Random(5).shuffle(items)
    train, valid = data.split(items)
    somebody = Somebody(utterances, config["speech_prompt_tokens"])
    print(f"{len(train)} utterances, {sum(len(i.codes) for i in train)} speech tokens", flush=True)
    model = T3(config)
    if args.carry and not (args.work / "t3.pt").exists():
        state = torch.load(args.carry, weights_only=False, map_location="cpu")["model"]
        carry(state, data.shards(args.work, "t", 1))
        model.load_state_dict(state, strict=False)   # restored ones lack training's heads
    trainer = training.Trainer("t3", model, args)
    rng = random.Random(args.seed + trainer.step)
    waiting = []
    for step in trainer:
        waiting = waiting or buckets(train, rng, POSITIONS_A_BATCH * args.larger)
        b = Batch(waiting.pop(), somebody, rng, model.condition_length, config, NOISE, NO_TEXT)
        with training.half():
            logits, scores, hidden = forward(model, b)
        speech = F.cross_entropy(logits.flatten(0, 1), b.target.flatten())
        align, hit = align_loss(scores, b, model.condition_length)
        text = text_loss(model, b, hidden, model.condition_length)
        trainer.update(speech + ALIGN_WEIGHT * align + TEXT_WEIGHT * text,
                       speech=speech, align=align, hit=hit, text=text,
                       tokens=(b.target >= 0).sum())
        if step % SCORE_STEPS == SCORE_STEPS - 1:
            print("valid", score(model, valid, somebody, config), flush=True)
    print("valid", score(model, valid, somebody, config))


if __name__ == "__main__":
    main()
