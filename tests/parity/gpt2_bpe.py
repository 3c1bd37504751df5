# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""GPT-2's tokenizer in the files of the published Turbo and Nano: vocab.json, merges.txt,
added_tokens.json, tokenizer_config.json, special_tokens_map.json. The merges are learnt from the
text of english_bpe.py, since the published ones cannot be copied here."""
import json
import pathlib

import english_bpe

END = "<|endoftext|>"
TAGS = ["angry", "fear", "surprised", "whispering", "advertisement", "dramatic", "narration",
        "crying", "happy", "sarcastic", "clear throat", "sigh", "shush", "cough", "groan", "sniff",
        "gasp", "chuckle", "laugh"]
PUBLISHED_SIZE = 50276
# Real merges of GPT-2 begin with '#', as the file's first line does, which is a comment.
OTHER_TEXT = """# Title
## Part
### Piece
Étude, naïve façade; Straße, ночь, 你好, 😀😀 12345 can't we'll I'm"""


def save(directory, size=PUBLISHED_SIZE, learnt=True, published=None):
    """Writes the five files; `size` counts the end and the tags. Not learnt: bytes and one merge,
    for which no package is needed. `published`: a tokenizer.json that was made of those files."""
    directory = pathlib.Path(directory)
    plain = size - len(TAGS) - 1
    if published:
        vocabulary, merges = _read(published)
    else:
        vocabulary, merges = _learn(plain) if learnt else _bytes_alone()
    for unused in range(len(vocabulary), plain):
        vocabulary[f"unused{unused}"] = unused
    vocabulary[END] = plain
    added = {f"[{tag}]": plain + 1 + at for at, tag in enumerate(TAGS)}

    def write(name, document):
        (directory / name).write_text(json.dumps(document, ensure_ascii=False) + "\n",
                                      encoding="utf-8")
    write("vocab.json", vocabulary)
    (directory / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{m}\n" for m in merges),
                                          encoding="utf-8")
    write("added_tokens.json", added)
    write("special_tokens_map.json", {name: END for name in ("bos_token", "eos_token", "unk_token")})
    write("tokenizer_config.json", {
        "add_prefix_space": False, "bos_token": END, "eos_token": END, "unk_token": END,
        "model_max_length": 1024, "tokenizer_class": "GPT2Tokenizer"})


def load(directory):
    """As from_local of ChatterboxTurboTTS does."""
    from transformers import AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(directory)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _bytes_alone():
    # GPT-2's names of bytes: printable ones are themselves, others follow from 256 on.
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    names = [chr(byte) for byte in printable] + [chr(256 + at) for at in range(len(others))]
    return {name: at for at, name in enumerate([*names, "##"])}, ["# #"]


def _learn(size):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    # The second text three times, so that a small vocabulary learns of it, too.
    tokenizer.train_from_iterator([english_bpe.TEXT] + 3 * [OTHER_TEXT], trainer)
    return _parts(json.loads(tokenizer.to_str()))


def _read(path):
    vocabulary, merges = _parts(json.loads(pathlib.Path(path).read_text(encoding="utf-8")))
    vocabulary.pop(END, None)
    return vocabulary, merges


def _parts(document):
    model = document["model"]
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    return model["vocab"], merges
