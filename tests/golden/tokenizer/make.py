#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Makes a tokenizer of 704 tokens and what the `tokenizers` library says to it.

    make.py [--strings N] [--seed N] [--out DIR]

Writes tokenizer.json (BPE learnt from tests/quality/sentences.txt, laid out as
upstream's) and cases.json: seeded strings with the ids that upstream's
EnTokenizer.encode returns. Needs Python's `tokenizers`; the suite needs only
the two files.
"""
import argparse
import json
import random
import sys
import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers

HERE = Path(__file__).resolve().parent
SENTENCES = HERE.parent.parent / "quality" / "sentences.txt"
SPECIAL = ["[STOP]", "[UNK]", "[SPACE]", "[PAD]", "[SEP]", "[CLS]", "[MASK]"]


def learn(size=704):
    """Ids follow upstream: stop 0, start 255, sounds such as [laughter] last."""
    sounds = ["[UH]", "[laughter]", "[sigh]", "[gasp]"]
    trainer = trainers.BpeTrainer(vocab_size=size - len(sounds) - 1, special_tokens=SPECIAL,
                                  show_progress=False)
    learnt = Tokenizer(models.BPE(unk_token="[UNK]"))
    learnt.pre_tokenizer = pre_tokenizers.Whitespace()
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    learnt.train_from_iterator([w for line in lines for w in line.split()] * 3, trainer)
    document = json.loads(learnt.to_str())
    vocab = document["model"]["vocab"]
    shifted = {t: i + (i >= 255) for t, i in vocab.items()}
    shifted["[START]"] = 255
    for sound in sounds:
        shifted[sound] = max(shifted.values()) + 1
    document["model"]["vocab"] = shifted
    document["model"]["merges"] = [m if isinstance(m, str) else " ".join(m)
                                   for m in document["model"]["merges"]]
    added = sorted([(shifted[t], t) for t in SPECIAL + ["[START]"] + sounds])
    document["added_tokens"] = [
        {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True} for i, t in added]
    return document


def strings(count, seed):
    rng = random.Random(seed)
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    known = [c for c in map(chr, range(0x20, 0x2fa20))
             if unicodedata.category(c) not in ("Cn", "Cs", "Co")]
    pools = [known, [c for c in known if ord(c) < 0x250], [c for c in known if ord(c) < 0x80],
             list("aeiou thn.,!?'-_"), list("\t\n\u00a0\u2003\u200b\u200d\u0301\u0e31\u203f\u2071²½९")]
    for _ in range(count):
        kind = rng.randrange(4)
        if kind == 0:
            yield rng.choice(lines)
        elif kind == 1:
            text = list(rng.choice(lines))
            for _ in range(rng.randrange(1, 6)):
                text.insert(rng.randrange(len(text) + 1), rng.choice(rng.choice(pools)))
            yield "".join(text)
        elif kind == 2:
            pool = rng.choice(pools)
            yield "".join(rng.choice(pool) for _ in range(rng.randrange(0, 40)))
        else:
            words = [rng.choice(SPECIAL + ["[START]", "[laughter]", "[UH]", "[", "]", "the", "Thing",
                                           "  ", " ", "[SPACE", "SPACE]", "a[UNK]b"])
                     for _ in range(rng.randrange(1, 10))]
            yield "".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strings", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    document = learn()
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "tokenizer.json").write_text(
        json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    tokenizer = Tokenizer.from_file(str(args.out / "tokenizer.json"))
    cases = [[text, tokenizer.encode(text.replace(" ", "[SPACE]")).ids]
             for text in strings(args.strings, args.seed)]
    golden = {"made_by": "tests/golden/tokenizer/make.py",
              "reference": f"tokenizers {tokenizers.__version__}, as upstream's EnTokenizer.encode "
                           "(resemble-ai/chatterbox 5de7a54) calls it",
              "seed": args.seed, "tolerance": "exact", "cases": cases}
    (args.out / "cases.json").write_text(
        json.dumps(golden, ensure_ascii=True, separators=(",", ":")).replace("],[\"", "],\n[\"") + "\n")
    print(f"{len(document['model']['vocab'])} tokens, {len(cases)} cases", file=sys.stderr)


if __name__ == "__main__":
    main()
