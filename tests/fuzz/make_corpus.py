#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Writes the seed inputs of the fuzz targets into corpus/ beside this file."""
import base64
import json
import struct
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"


def safetensors(header, data):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def bpe(vocab, merges, added=(), **model):
    return json.dumps({
        "added_tokens": list(added), "normalizer": None, "post_processor": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "BPE", "unk_token": "?", "vocab": vocab, "merges": merges, **model}})


def byte_bpe(text, merges, added, more=()):
    """A token for each byte, as GPT-2 writes them, then what `merges` make."""
    printable = [b for b in range(256) if 0x21 <= b <= 0x7e or 0xa1 <= b <= 0xac or b >= 0xae]
    signs = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    signs += [m.replace(" ", "") for m in merges] + list(more)
    vocab = {sign: i for i, sign in enumerate(signs)}
    return "\0".join([text, json.dumps(vocab), "#version: 0.2\n" + "\n".join(merges) + "\n",
                      json.dumps(added)]).encode("utf-8", "surrogatepass")


def multilingual(text, keys):
    added = [{"id": 20 + i, "content": c, "special": True}
             for i, c in enumerate(["[zh]", "[ja]", "[ko]", "[de]", "[SPACE]", "[cj_a]", "[cj_.]"])]
    vocab = {c: i for i, c in enumerate("?asi\u3099ヤ。")}
    return "\0".join([text, bpe(vocab, [], added), json.dumps(keys)]).encode()


def voice(**metadata):
    """A voice of 4 prompt tokens for T3 and 2 for the decoder."""
    parts = {"speaker_embedding": ("F32", [1, 16], b"\0\0\0\x3f" * 16),
             "speech_prompt": ("I64", [1, 4], struct.pack("<4q", 0, 1, 6560, 7)),
             "prompt_tokens": ("I64", [1, 2], struct.pack("<2q", 81, 6560)),
             "prompt_mel": ("F32", [1, 4, 80], b"\0\0\x80\xbf" * 320),
             "xvector": ("F32", [1, 12], b"\0\0\0\x3f" * 12),
             "exaggeration": ("F64", [1], struct.pack("<d", 0.5))}
    header, data = {"__metadata__": metadata}, b""
    for name, (dtype, shape, stored) in parts.items():
        header[name] = tensor(dtype, shape, len(data), len(data) + len(stored))
        data += stored
    return safetensors(header, data)


def upstream_voice():
    """What upstream's Conditionals.save wrote for the reference tests."""
    cases = CORPUS.parent.parent / "golden" / "reference" / "cases.json"
    return base64.b64decode(json.loads(cases.read_text())["conds_pt"])


def saved_voice(form):
    """The same in one of the forms that are met."""
    cases = CORPUS.parent.parent / "golden" / "voices" / "cases.json"
    return base64.b64decode(json.loads(cases.read_text())["files"][form])


def wav(kind, channels, rate, bits, data):
    body = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * bits // 8,
                       channels * bits // 8, bits)
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + body
            + b"data" + struct.pack("<I", len(data)) + data)


def library(*voices):
    return json.dumps({"voices": list(voices)}).encode()


FILES = {
    "audio": {
        "pcm": wav(1, 2, 8000, 16, bytes(range(200))),
        "float": wav(3, 1, 48000, 32, struct.pack("<4f", 0.5, float("nan"), float("inf"), -3e38)),
        "channels": wav(1, 60000, 8000, 8, bytes(100)),
        "long": wav(1, 1, 8000, 16, bytes(20))[:40] + struct.pack("<I", 2**32 - 1) + bytes(20),
        "ogg": b"OggS\0\2" + bytes(8) + b"\1\0\0\0" + bytes(8) + b"\1\x13OpusHead" + bytes(11),
        "flac": b"fLaC\x80\0\0\x22" + bytes(34),
    },
    "voice_index": {
        "two": library({"voice_id": "a563a2ba", "speaker_name": "Amy", "file": "amy.opus",
                        "gender": "female", "duration": 20.5, "provenance": {"by": ["flite"]}},
                       {"voice_id": "1FC6C6AB", "speaker_name": "Zo\u00eb 2", "file": "z.flac"}),
        "outside": library({"voice_id": "a563a2ba", "speaker_name": "Amy", "file": "../amy.opus"}),
        "types": library({"voice_id": 5, "speaker_name": None}, 7, [], {"duration": "1"}),
        "numbers": b'{"voices":[{"voice_id":"00000000","speaker_name":"a","file":"a",'
                   b'"duration":1e308}]}',
        "deep": b'{"voices":' + b"[" * 200,
    },
    "config": {
        "empty": b"{}",
        "sizes": json.dumps({"t3": {"hidden": 64, "layers": 2, "alignment": {"layer": 1, "head": 0}},
                             "xvector": {"layers": [1, 2, 3]}, "format": 1}).encode(),
        "deep": b"[" * 200,
        "numbers": b'{"t3":{"rms_eps":1e999,"hidden":1e3,"layers":-0}}',
    },
    "safetensors": {
        "two": safetensors({"a": tensor("F32", [2], 0, 8), "b": tensor("BF16", [1, 3], 8, 14)},
                           bytes(range(14))),
        "types": safetensors({"h": tensor("F16", [], 0, 2), "l": tensor("I64", [1], 2, 10),
                              "t": tensor("BOOL", [3], 10, 13), "z": tensor("F64", [0], 13, 13),
                              "__metadata__": {"format": "pt"}}, bytes(13)),
        "long": struct.pack("<Q", 2**63) + b"{}",
        "overlap": safetensors({"a": tensor("F32", [1], 0, 4), "b": tensor("F32", [1], 2, 6)}, bytes(6)),
        "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1056484620\n",
        "huge": safetensors({"a": tensor("F32", [2**40, 2**40], 0, 4)}, bytes(4)),
    },
    "tokenizer": {
        "merges": ("abcab cab\n" + bpe({"?": 0, "a": 1, "b": 2, "c": 3, "ab": 4, "cab": 5},
                                       ["a b", ["c", "ab"]])).encode(),
        "added": ("a <x> b <x>y é\n" + bpe({"?": 0, "a": 1}, [], [
            {"id": 7, "content": "<x>", "lstrip": True, "rstrip": True},
            {"id": 8, "content": "[SPACE]"},
            {"id": 9, "content": "b", "single_word": True}], fuse_unk=True)).encode(),
        "text": "日本 \ufffd\u0301 [SPACE]\n".encode() + bpe({"?": 3}, []).encode(),
    },
    "byte_bpe": {
        "tags": byte_bpe("Ha! [laugh]  it's 4th [clear throat] é\n", ["# #", "i t"],
                         {"[laugh]": 300, "[clear throat]": 301}, ["<|endoftext|>"]),
        "unknown": byte_bpe("", ["a b c"], {}),
        "ids": byte_bpe("a", [], {"[laugh]": 2**40, "": 3}),
        "spaces": " \n\u3000\u00a0x  '  'll \u0085 ²Ⅷ\0{}\0\0[]".encode(),
    },
    "multilingual": {
        "scripts": multilingual("Aİ ½ 部屋ヤ 屋。ﬁ 한 \u0301\u0323", ["部\ta", "屋\ta\tx"]),
        "spaces": multilingual(" \u3000\t 屋 [zh][SPACE] ", ["屋\t"]),
        "keys": multilingual("屋", ["屋"]),
    },
    "text": {
        "tags": "Ha! [laugh] [clear throat]um [Laugh] [clear  throat]. [sigh]\ufdd0".encode(),
        "sentences": "Dr. Smith paid $3.50, or £2! “Really?” — yes… 10:30 on 21st May 1998.".encode(),
        "readings": ("$5M £1.50/h 3/4 2½ 1990s 5'10\" 25°C me@b.org www.a.uk/x AT&T GitHub iOS "
                     "5/12/2020 401(k) Rocky IV No. 5 Mt. A 10^6 1+1=2 #1 ~5 24/7").encode(),
        "scripts": "Привет, мир. 今日は晴れ。 עברית السلام 😀\u200d😀 e\u0301\u0301".encode(),
        "broken": b"\xff\xfe a\x00b \xe2\x82 \xc0\x80 \x1b[0m",
        "unspaced": b"a" * 100 + b"." * 50 + b"7" * 60,
    },
    "voice": {
        "saved": voice(format="chatterbox-voice-1", model="0123456789abcdef"),
        "other_model": voice(format="chatterbox-voice-1", model="fedcba9876543210"),
        "upstream": upstream_voice(),
        "parameters": saved_voice("parameters"),
        "before_1_6": saved_voice("before_1_6"),
    },
}

for target, files in FILES.items():
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    for name, contents in files.items():
        (CORPUS / target / name).write_bytes(contents)
