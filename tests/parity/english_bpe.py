# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""A tokenizer.json of the published form: 704 tokens, BPE merges learnt from
the text below, spaces as the token [SPACE], [STOP] 0 and [START] 255."""
import collections
import re

SIZE = 704
START = 255
SPECIAL = {"[STOP]": 0, "[UNK]": 1, "[SPACE]": 2, "[START]": START}
TAIL = ["[UH]", "[UM]", "[giggle]", "[laughter]", "[sigh]", "[PAD]", "[SEP]", "[CLS]", "[MASK]"]
FIRST = list("!'(),-./:;?abcdefghijklmnopqrstuvwxyz")
SECOND = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ\"0123456789$%&*+@")

TEXT = """
A quiet street runs down to the harbour where the small boats wait for morning. The people of the
town know every stone of it, and nobody remembers who laid them there or when. When the weather turns,
the whole street smells of salt, smoke and bread; children run between the houses, calling each other
by names that no one wrote down. There is a library at the corner, with tall windows and a wooden floor
that answers every step. Inside, an old woman keeps the books in order and lets the cat sleep on the
warmest shelf. She says that reading aloud is the best way of learning how a sentence stands up. First
you take a breath, then you look for the verb, and after that the voice knows where it is going. Those
who listen hear more than words: they hear whether the speaker believes them. Numbers are harder than
words, she thinks, because one hundred and twenty can be a price, a distance or a year. Something about
the evening light makes everybody speak more slowly. The fisherman tells us about the strongest wind
that he has ever seen, which took three roofs and gave back only two. Perhaps it was thirty years ago,
perhaps less; stories like these become better with age. Would you believe him? We should, for he never
asked us to. Without another word he puts on his coat, thanks the woman, and walks out through the open
door towards the water. Tomorrow the ships will bring oranges, paper, coffee and news from the other
side of the world, and the market will be loud again before the sun is over the hill.
"""


def make():
    """The document, as a Python object."""
    vocabulary = {**SPECIAL}
    free = (i for i in range(SIZE) if i not in SPECIAL.values())
    words = [list(w) for w in re.findall(r"\w+|[^\w\s]+", TEXT)]
    for symbol in FIRST:
        vocabulary[symbol] = next(free)
    merges = []
    # Letters of the second set come after [START], as in the published file,
    # where capitals were added to an older table of 255.
    while max(vocabulary[s] for s in vocabulary if s not in SPECIAL) < START - 1:
        _learn(words, vocabulary, merges, free, lower_only=True)
    for symbol in SECOND:
        vocabulary[symbol] = next(free)
    while len(vocabulary) < SIZE - len(TAIL) and _learn(words, vocabulary, merges, free, False):
        pass
    padding = [f"[extra_{i}]" for i in range(SIZE - len(TAIL) - len(vocabulary))]
    for symbol in padding + TAIL:
        vocabulary[symbol] = next(free)
    added = [s for s in vocabulary if s in SPECIAL or s in TAIL or s in padding]
    added.sort(key=vocabulary.get)
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": vocabulary[s], "special": True, "content": s, "single_word": False,
             "lstrip": False, "rstrip": False, "normalized": False} for s in added],
        "normalizer": None, "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None, "decoder": None,
        "model": {"type": "BPE", "dropout": None, "unk_token": "[UNK]",
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "vocab": vocabulary, "merges": merges},
    }


def _learn(words, vocabulary, merges, free, lower_only):
    """Adds the most frequent pair as a token; False when no pair is left."""
    pairs = collections.Counter()
    for word in words:
        for left, right in zip(word, word[1:]):
            joined = left + right
            if joined not in vocabulary and (not lower_only or joined.islower()):
                pairs[left, right] += 1
    if not pairs:
        return False
    left, right = min(pairs, key=lambda pair: (-pairs[pair], pair))
    vocabulary[left + right] = next(free)
    merges.append(f"{left} {right}")
    for word in words:
        at = 0
        while at + 1 < len(word):
            if word[at] == left and word[at + 1] == right:
                word[at:at + 2] = [left + right]
            at += 1
    return True
