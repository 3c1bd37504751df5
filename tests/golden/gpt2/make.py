#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Makes GPT-2's files as Turbo and Nano have them, and what upstream's tokenizer says to texts.

    make.py [--vocabulary FILE] [--merges N] [--strings N] [--seed N] [--out DIR]

Writes vocab.json, merges.txt and added_tokens.json (merges of bytes learnt from
tests/quality/sentences.txt, and the tags; or those of FILE, a tokenizer.json that
somebody made of the published files), and cases.json: seeded strings with the ids that
transformers' GPT2Tokenizer, which upstream uses, returns. Needs Python's `tokenizers`
and `transformers`; the suite needs only the files.
"""
import argparse
import json
import random
import sys
import tempfile
import unicodedata
from pathlib import Path

import tokenizers
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer

HERE = Path(__file__).resolve().parent
SENTENCES = HERE.parent.parent / "quality" / "sentences.txt"
TAGS = ["[angry]", "[fear]", "[surprised]", "[whispering]", "[advertisement]", "[dramatic]",
        "[narration]", "[crying]", "[happy]", "[sarcastic]", "[clear throat]", "[sigh]", "[shush]",
        "[cough]", "[groan]", "[sniff]", "[gasp]", "[chuckle]", "[laugh]"]
END = "<|endoftext|>"


def learn(merges):
    """Vocabulary and merges; END is the last token of the vocabulary, as GPT-2's."""
    learnt = Tokenizer(models.BPE())
    learnt.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=256 + merges, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    # Merges that begin with '#' are easily taken for comments.
    learnt.train_from_iterator(lines * 3 + ["## ####"] * 9, trainer)
    model = json.loads(learnt.to_str())["model"]
    vocab = dict(model["vocab"])
    vocab[END] = len(vocab)
    return vocab, model["merges"]


def published(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["model"]["vocab"], document["model"]["merges"]


def strings(count, seed):
    rng = random.Random(seed)
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    known = [c for c in map(chr, range(0x20, 0x2fa20))
             if unicodedata.category(c) not in ("Cn", "Cs", "Co")]
    pools = [known, [c for c in known if ord(c) < 0x250], [c for c in known if ord(c) < 0x80],
             list("aeiou thn.,!?'-_"), list("\t\n\r  \u00a0\u2003\u200b\u200d\u0301\u3000\u0085ab1"),
             list("😀🎉👍🏽👩\u200d🚀❤️🇩🇪✓→ ab")]
    code = ["for (int i = 0; i < n; ++i) {", "    return x['key']; // #1", "## Heading", "#include <a.h>",
            "def f(a, *, b=3):\n\treturn a**b", "<p class=\"x\">&nbsp;</p>", "http://a.b/c?d=e&f=%20",
            "we'll they're I'VE can't 'tis d'or 's 't 'll'd", "1234567890 3.14 ½ ² ٣ Ⅷ", "####  #### # #"]
    words = TAGS + [END, "[Laugh]", "[laughs]", "[", "]", "[clear", "throat]", " ", "  ", "the", "Ha!",
                    "<|endoftext|", ".", "\n"]
    for _ in range(count):
        kind = rng.randrange(6)
        if kind == 0:
            yield rng.choice(lines)
        elif kind == 1:
            text = list(rng.choice(lines + code))
            for _ in range(rng.randrange(1, 6)):
                text.insert(rng.randrange(len(text) + 1), rng.choice(rng.choice(pools)))
            yield "".join(text)
        elif kind in (2, 3):
            pool = rng.choice(pools)
            yield "".join(rng.choice(pool) for _ in range(rng.randrange(0, 40)))
        elif kind == 4:
            yield rng.choice(code) + rng.choice(["", " ", "\n"]) + rng.choice(code)
        else:
            yield "".join(rng.choice(words) for _ in range(rng.randrange(1, 12)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vocabulary", type=Path)
    parser.add_argument("--merges", type=int, default=400)
    parser.add_argument("--strings", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    vocab, merges = published(args.vocabulary) if args.vocabulary else learn(args.merges)
    merges = [m if isinstance(m, str) else " ".join(m) for m in merges]
    added = {tag: len(vocab) + i for i, tag in enumerate(TAGS)}
    args.out.mkdir(parents=True, exist_ok=True)

    def write(name, text):
        (args.out / name).write_text(text, encoding="utf-8")

    write("vocab.json", json.dumps(vocab, ensure_ascii=False, separators=(",", ":")) + "\n")
    write("merges.txt", "#version: 0.2\n" + "\n".join(merges) + "\n")
    write("added_tokens.json", json.dumps(added) + "\n")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("vocab.json", "merges.txt", "added_tokens.json"):
            (Path(folder) / name).write_bytes((args.out / name).read_bytes())
        (Path(folder) / "tokenizer_config.json").write_text('{"tokenizer_class": "GPT2Tokenizer"}')
        tokenizer = AutoTokenizer.from_pretrained(folder)
        cases = [[text, tokenizer(text).input_ids] for text in strings(args.strings, args.seed)]
    golden = {"made_by": "tests/golden/gpt2/make.py",
              "reference": f"GPT2Tokenizer of transformers {transformers.__version__}, tokenizers "
                           f"{tokenizers.__version__}",
              "seed": args.seed, "tolerance": "exact", "cases": cases}
    write("cases.json",
          json.dumps(golden, ensure_ascii=True, separators=(",", ":")).replace("],[\"", "],\n[\"") + "\n")
    print(f"{len(vocab)} tokens, {len(cases)} cases", file=sys.stderr)


if __name__ == "__main__":
    main()
