#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Makes the multilingual model's text files in small, and what upstream's tokenizer says to texts.

    make.py --upstream DIR [--strings N] [--seed N] [--out DIR]

Writes grapheme_mtl_merged_expanded_v1.json (graphemes of sentences.json, 265 merges, the 23
languages and the keys of Cangjie as added tokens), Cangjie5_TC.json (made-up keys), and
cases.json: for each language seeded texts with the ids that MTLTokenizer.encode of upstream's
checkout DIR returns. Chinese words and Japanese readings, which upstream has from other
packages, are made up here and stand beside the ids, so that both sides are given the same.
Needs Python's `tokenizers`, `torch` and `huggingface_hub`; the suite needs only the files.
"""
import argparse
import ast
import importlib.util
import json
import random
import re
import sys
import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HERE = Path(__file__).resolve().parent
SENTENCES = json.loads((HERE / "sentences.json").read_text(encoding="utf-8"))
GRAPHEMES = "grapheme_mtl_merged_expanded_v1.json"
CANGJIE = "Cangjie5_TC.json"
SPECIAL = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[PAD]", "[SEP]", "[CLS]", "[MASK]"]
SOUNDS = ["[UH]", "[sigh]", "[laughter]"]


def upstream_module(root):
    path = root / "src" / "chatterbox" / "models" / "tokenizers" / "tokenizer.py"
    spec = importlib.util.spec_from_file_location("upstream_tokenizer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def punc_norm(root):
    """Upstream's function without the models that its file imports."""
    path = root / "src" / "chatterbox" / "mtl_tts.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "punc_norm"]
    scope = {}
    exec(compile(tree, str(path), "exec"), scope)
    return scope["punc_norm"]


def han():
    return sorted({c for text in SENTENCES.values() for c in text if "\u4e00" <= c <= "\u9fff"})


def learn():
    normal = [unicodedata.normalize("NFKD", t.lower()) for t in SENTENCES.values()]
    trainer = trainers.BpeTrainer(vocab_size=4000, special_tokens=SPECIAL, show_progress=False,
                                  limit_alphabet=1500)
    learnt = Tokenizer(models.BPE(unk_token="[UNK]"))
    learnt.pre_tokenizer = pre_tokenizers.Whitespace()
    words = [w for t in normal for w in re.findall(r"\w+|[^\w\s]+", t) if not set(w) & set(han())]
    learnt.train_from_iterator(words, trainer)
    document = json.loads(learnt.to_str())
    model = document["model"]
    model["merges"] = model["merges"][:265]
    kept = SPECIAL + sorted({c for w in words for c in w} | set(map(chr, range(0x3041, 0x309b)))) + [
        m.replace(" ", "") if isinstance(m, str) else "".join(m) for m in model["merges"]]
    added = ([f"[{code}]" for code in SENTENCES] + SOUNDS +
             [f"[cj_{c}]" for c in "abcdefghijklmnopqrstuvwxyz0123456789."])
    model["vocab"] = {t: i for i, t in enumerate(dict.fromkeys(kept + added))}
    document["added_tokens"] = [
        {"id": model["vocab"][t], "content": t, "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False, "special": True} for t in SPECIAL + added]
    return document


def cangjie(rng):
    """Keys of one to three letters, so that some have the same; some glyphs have none."""
    return [f"{c}\t{''.join(rng.choice('abcd') for _ in range(rng.randrange(1, 4)))}\tx"
            for c in han() if rng.random() < 0.95]


def segments(text):
    """Words of one or two Chinese characters; other signs as they stand."""
    return re.findall(r"[\u4e00-\u9fff]{1,2}|[^\u4e00-\u9fff\s]+", text)


def readings(text):
    """[written, hiragana] of each word of composed Japanese: kanji with a kana behind them."""
    kana = "あかがさざただなはばぱへまやらわん"
    words = re.findall(r"[\u4e00-\u9fff々]+[\u3041-\u3096]?|[^\u4e00-\u9fff]+|.", text, re.S)
    return [[w, "".join(kana[ord(c) % len(kana)] for c in w)] for w in words]


class Segmenter:
    def cut(self, text):
        return segments(text)


class Kakasi:
    """What the C++ reader is given: composed text, one stretch without white space at a time."""

    def convert(self, text):
        result = []
        for part in re.findall(r"\s+|[^\s]+", text):
            words = [[part, part]] if part.isspace() else readings(unicodedata.normalize("NFC", part))
            for written, hiragana in words:
                result.append({"orig": unicodedata.normalize("NFKD", written), "hira": hiragana})
        return result


def texts(code, count, rng):
    words = SENTENCES[code].split() if code not in ("zh", "ja") else re.findall(
        r".{1,6}?[，、。？！ ]|.{6}", SENTENCES[code])
    others = [w for text in SENTENCES.values() for w in text.split()]
    noise = list("\t\u00a0\u3000\u200b\u0301\u0345İIıﬁ½①ＡｂＣ，？！。、…—“”’:;-ΣσςǅÅ\u212b가힣😀") + [
        "[laughter]", "[UH]", "[SPACE]", "[fr]", " - ", "...", " ,"]
    yield SENTENCES[code]
    for _ in range(count - 1):
        chosen = [rng.choice(words) for _ in range(rng.randrange(1, 8))]
        if rng.random() < 0.3:
            chosen.insert(rng.randrange(len(chosen) + 1), rng.choice(others))
        text = ("" if code in ("zh", "ja") and rng.random() < 0.7 else " ").join(chosen)
        if rng.random() < 0.3:
            text = text.upper()
        for _ in range(rng.choice([0, 0, 1, 3])):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(noise) + text[at:]
        yield text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", type=Path, required=True)
    parser.add_argument("--strings", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)

    def write(name, value):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        (args.out / name).write_text(text.replace("],[\"", "],\n[\"") + "\n", encoding="utf-8")

    write(GRAPHEMES, learn())
    write(CANGJIE, cangjie(rng))

    upstream = upstream_module(args.upstream)
    upstream.hf_hub_download = lambda **_: str(args.out / CANGJIE)
    upstream.ChineseCangjieConverter._init_segmenter = (
        lambda self: setattr(self, "segmenter", Segmenter()))
    upstream._kakasi = Kakasi()
    sys.modules.setdefault("pykakasi", type(sys)("pykakasi"))
    tokenizer = upstream.MTLTokenizer(str(args.out / GRAPHEMES))
    normalize = punc_norm(args.upstream)

    cases = []
    for code in SENTENCES:
        for text in texts(code, args.strings, rng):
            normal = normalize(text)
            cases.append([code, text, normal, tokenizer.encode(normal, language_id=code)])
    write("cases.json", {
        "made_by": "tests/golden/multilingual/make.py",
        "reference": "MTLTokenizer.encode and punc_norm of resemble-ai/chatterbox 5de7a54, "
                     f"tokenizers {tokenizers.__version__}, Unicode {unicodedata.unidata_version}",
        "seed": args.seed, "tolerance": "exact", "cases": cases})
    print(f"{len(cases)} cases, unknown tokens in {sum(1 in c[3] for c in cases)}", file=sys.stderr)


if __name__ == "__main__":
    main()
