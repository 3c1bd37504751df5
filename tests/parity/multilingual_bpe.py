# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The text files of the multilingual model: a grapheme_mtl_merged_expanded_v1.json of the published
form (graphemes of all languages, merges, language tags, Cangjie codes) and a Cangjie5_TC.json."""
import contextlib
import json
import pathlib
import random
import types
import unicodedata

import english_bpe
from families import LANGUAGES

FILE = "grapheme_mtl_merged_expanded_v1.json"
CANGJIE_FILE = "Cangjie5_TC.json"
PUBLISHED_SIZE = 2454
# Sizes of what a table of 704 has, in the order in which entries are given up.
RANGES = [(0x20, 0x7f), (0xa1, 0x100), (0x300, 0x340), (0x3b1, 0x3ca), (0x430, 0x460),
          (0x5d0, 0x5eb), (0x621, 0x653), (0x901, 0x970), (0x3001, 0x3003), (0x3041, 0x3097),
          (0x3099, 0x309b), (0x30a1, 0x30fd), (0x1100, 0x1113), (0x1161, 0x1176), (0x11a8, 0x11c3),
          (0x4e00, 0x4e40)]
CANGJIE_KEYS = "abcdefghijklmnopqrstuvwxyz0123456789."


def save(directory, size=PUBLISHED_SIZE, seed=1):
    directory = pathlib.Path(directory)
    (directory / FILE).write_text(json.dumps(_table(size), ensure_ascii=False, indent=0) + "\n",
                                  encoding="utf-8")
    # A small model needs no Chinese.
    count = 20000 if size == PUBLISHED_SIZE else 12
    (directory / CANGJIE_FILE).write_text(json.dumps(_cangjie(count, seed), ensure_ascii=False,
                                                     indent=0) + "\n", encoding="utf-8")


def load(up, directory, words=None):
    """Upstream's tokenizer, which would ask the hub for the mapping and for a segmenter. `words`
    (library_text.Words) says where Chinese words end and how Japanese ones are read; without,
    Chinese is one word."""
    path = pathlib.Path(directory) / FILE
    up.text._kakasi = words
    with _offline(up, path.parent / CANGJIE_FILE, words.cut if words else lambda text: [text]):
        return up.text.MTLTokenizer(str(path))


@contextlib.contextmanager
def _offline(up, mapping, cut):
    import spacy_pkuseg
    saved = up.text.hf_hub_download, spacy_pkuseg.pkuseg
    up.text.hf_hub_download = lambda **_: str(mapping)
    spacy_pkuseg.pkuseg = lambda: types.SimpleNamespace(cut=cut)
    try:
        yield
    finally:
        up.text.hf_hub_download, spacy_pkuseg.pkuseg = saved


def _table(size):
    vocabulary = {"[STOP]": 0, "[UNK]": 1, "[SPACE]": 2, "[START]": english_bpe.START}
    free = (i for i in range(size) if i != english_bpe.START and i > 2)
    added = ["[PAD]", "[SEP]", "[CLS]", "[MASK]", *(f"[{code}]" for code in LANGUAGES),
             *(f"[cj_{key}]" for key in CANGJIE_KEYS)]
    graphemes = [chr(c) for low, high in RANGES for c in range(low, high) if _grapheme(chr(c))]
    room = size - len(vocabulary) - len(added)
    for symbol in graphemes[:room]:
        vocabulary[symbol] = next(free)
    english = english_bpe.make()["model"]
    merges = [m for m in english["merges"] if m.replace(" ", "").islower()]
    kept = []
    for merge in merges:
        if len(vocabulary) >= size - len(added):
            break
        vocabulary[merge.replace(" ", "")] = next(free)
        kept.append(merge)
    while len(vocabulary) < size - len(added):
        vocabulary[f"[extra_{len(vocabulary)}]"] = next(free)
    for symbol in added:
        vocabulary[symbol] = next(free)
    special = [s for s in vocabulary if s in ("[STOP]", "[UNK]", "[SPACE]", "[START]", *added)]
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": vocabulary[s], "special": True, "content": s, "single_word": False,
             "lstrip": False, "rstrip": False, "normalized": False}
            for s in sorted(special, key=vocabulary.get)],
        "normalizer": None, "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None, "decoder": None,
        "model": {"type": "BPE", "dropout": None, "unk_token": "[UNK]",
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "vocab": vocabulary, "merges": kept},
    }


def _grapheme(character):
    """Whether text that was lower-cased and decomposed may hold it."""
    return not character.isspace() and unicodedata.category(character) != "Cn" and \
        unicodedata.normalize("NFKD", character.lower()) == character


def _cangjie(count, seed):
    """Entries "glyph<TAB>code", some with a code that others have, and with a third column."""
    draw = random.Random(seed)
    glyphs = [chr(c) for c in range(0x4e00, 0x9fb0)]
    draw.shuffle(glyphs)
    entries = []
    for glyph in glyphs[:count]:
        code = "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(1, 5)))
        entries.append(f"{glyph}\t{code}" + ("\tx" if draw.random() < 0.1 else ""))
    return entries
