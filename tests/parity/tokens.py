#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Ids of texts: this library's against those of upstream's tokenizers.

    tests/parity/tokens.py --upstream CHECKOUT [--build build] [--seed N]
        [--texts 2000] [--texts-per-language 200] [--vocabulary TOKENIZER_JSON]

Turbo's and Nano's tokenizer reads texts with tags, code, emoji and any Unicode; --vocabulary is a
tokenizer.json that somebody made of the published files, in place of merges learnt here.
Multilingual's reads texts of its 23 languages; Chinese words and Japanese readings are ours on
both sides (upstream has them from packages that differ). Both normalise the punctuation first.
"""
import argparse
import json
import pathlib
import random
import re
import sys
import tempfile
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "models")]
import gpt2_bpe  # noqa: E402
import library_text  # noqa: E402
import multilingual_bpe  # noqa: E402
import upstream  # noqa: E402
from families import LANGUAGES  # noqa: E402

TESTS = HERE.parent
SENTENCES = {code: re.split(r"(?<=[.!?。！？؟।:;,，、]) *", text) for code, text in json.loads(
    (TESTS / "golden" / "multilingual" / "sentences.json").read_text(encoding="utf-8")).items()}
SENTENCES["en"] += (TESTS / "quality" / "sentences.txt").read_text(encoding="utf-8").splitlines()
CODE = ["for (int i = 0; i < n; ++i) {\n\treturn x['k']; // #1", "## Heading ### ####", "a**b != ~c",
        "def f(a, *, b=3):\n    return a", "<p class=\"x\">&nbsp;</p>", "https://a.b/c?d=e&f=%20#g",
        "we'll they're I'VE can't 'tis d'or 's 'll'd", "1,234.5 ½ ² ٣ Ⅷ 0x1F", "x--;  y++"]
PIECES = ["[laugh]", "[clear throat]", "[Laugh]", "[laughs]", "[", "]", "<|endoftext|>", "[STOP]",
          "[SPACE]", "[en]", " ", "  ", "\n", "\t", "...", "…", " - ", ";", ":", "—", "“", "”", "’",
          "😀", "👩🏽\u200d🚀", "🇩🇪", "\u200b", "\u00a0", "\u0301", "ﬁ", "Ⅷ", "İ", "ΟΔΟΣ", "ß", "，"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--build", default=str(HERE.parent.parent / "build"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--texts-per-language", type=int, default=200)
    parser.add_argument("--vocabulary", type=pathlib.Path)
    args = parser.parse_args()
    up = upstream.load(args.upstream)
    good = True
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        gpt2_bpe.save(directory, published=args.vocabulary)
        multilingual_bpe.save(directory, seed=args.seed)
        good &= compare_gpt2(args, up, directory)
        good &= compare_multilingual(args, up, directory)
    return 0 if good else 1


def compare_gpt2(args, up, directory):
    draw = random.Random(args.seed)
    everything = [s for texts in SENTENCES.values() for s in texts]
    texts = [mixed(draw, everything + SENTENCES["en"] + CODE) for _ in range(args.texts)]
    tokenizer = gpt2_bpe.load(directory)
    ours = library_text.ask(args.build, directory, "turbo", [{"text": text} for text in texts])
    expected = [tokenizer(up.turbo.punc_norm(text), return_tensors="pt", padding=True,
                          truncation=True).input_ids[0].tolist() for text in texts]
    return report("turbo, nano", texts, expected, [answer["ids"] for answer in ours])


def compare_multilingual(args, up, directory):
    good = True
    words = library_text.Words()
    tokenizer = multilingual_bpe.load(up, directory, words)
    for language in LANGUAGES:
        draw = random.Random(f"{args.seed} {language}")
        own = SENTENCES[language]
        others = SENTENCES["en"] + CODE
        texts = [mixed(draw, own if draw.random() < 0.8 else own + others)
                 for _ in range(args.texts_per_language)]
        ours = library_text.ask(args.build, directory, "multilingual",
                                [{"text": text, "language": language} for text in texts])
        expected = []
        for text, answer in zip(texts, ours):
            words.take(answer)
            expected.append(tokenizer.encode(up.mtl.punc_norm(text), language_id=language))
        good &= report(f"multilingual {language}", texts, expected, [a["ids"] for a in ours])
    return good


def mixed(draw, sentences):
    """One or two sentences, whole or in part, with odd things between their characters."""
    text = " ".join(draw.sample(sentences, draw.choice((1, 1, 2))))
    kind = draw.randrange(4)
    if kind == 0:
        return text
    characters = list(text[draw.randrange(3):])
    for _ in range(draw.randrange(1, 8)):
        piece = draw.choice(PIECES) if draw.random() < 0.7 else any_character(draw)
        characters.insert(draw.randrange(len(characters) + 1), piece)
    return "".join(characters) if kind < 3 else "".join(characters).upper()


def any_character(draw):
    while True:
        character = chr(draw.choice((draw.randrange(0x20, 0x250), draw.randrange(0x20, 0x2fa20))))
        # Python 3.11 knows Unicode 14: what was assigned later is another matter.
        if unicodedata.category(character) not in ("Cn", "Cs", "Co", "Cc"):
            return character


def report(name, texts, expected, got):
    wrong = [i for i in range(len(texts)) if expected[i] != got[i]]
    print(f"{'FAIL' if wrong else 'ok  '} {name}: {len(texts) - len(wrong)} of {len(texts)} texts, "
          f"{sum(map(len, expected))} ids")
    for i in wrong[:3]:
        print(f"     {texts[i]!r}\n     expected {expected[i]}\n     got      {got[i]}")
    return not wrong


if __name__ == "__main__":
    sys.exit(main())
