# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Step 7: the trained parts as a model directory (docs/design/model-files.md).

Matrices are rows of int8, all else float16 (weights.py); the built-in voice is made from one
utterance of the teacher.
"""
import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

import data
import sizes
import weights
from train_speakers import finished
from train_t3 import STOP, t3_sizes

DEFAULTS = {"temperature": 0.6, "cfg_weight": 0.3, "exaggeration": 0.5,
            "repetition_penalty": 1.0, "min_p": 0.05, "top_p": 1.0}
BUILT_IN_SECONDS = (4.0, 6.0)


def checkpoint(work, name):
    return torch.load(work / f"{name}.pt", weights_only=False, map_location="cpu")["model"]


def below(prefix, state, new_prefix):
    return {new_prefix + k[len(prefix):]: v for k, v in state.items() if k.startswith(prefix)}


def s3gen_weights(work):
    flow = checkpoint(work, "flow")
    return {**below("tokenizer.", checkpoint(work, "tokenizer"), "tokenizer."),
            **below("encoder.", checkpoint(work, "xvector"), "speaker_encoder."),
            **below("flow.", flow, "flow."),
            **below("", checkpoint(work, "hift"), "mel2wav."),
            **below("f0_predictor.", flow, "mel2wav.f0_predictor.")}


def config(vocab):
    return {
        "format": 1, "name": "chatterbox-small", "text": {"frontend": "flite-phones", "max_characters": data.LONGEST},
        "t3": t3_sizes(vocab), "voice_encoder": sizes.VOICE_ENCODER,
        "s3tokenizer": sizes.S3TOKENIZER, "xvector": sizes.XVECTOR,
        "s3gen": {"encoder": sizes.ENCODER, "estimator": sizes.ESTIMATOR, "flow": sizes.FLOW,
                  "attention": "chunk"},
        "hift": sizes.HIFT, "defaults": DEFAULTS}


def tokenizer_json(vocab):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
            "normalizer": None, "pre_tokenizer": {"type": "WhitespaceSplit"},
            "post_processor": None, "decoder": None,
            "model": {"type": "WordLevel", "vocab": vocab, "unk_token": STOP}}


def built_in_voice(work):
    """The teacher: an unseen utterance of middle length, read about as flite would."""
    _, valid = data.split(data.load(work))
    low, high = (seconds * 50 for seconds in BUILT_IN_SECONDS)
    fitting = [u for u in valid if low <= u.frames <= high]
    u = min(fitting, key=lambda u: abs(u.lively - 1))
    codes = torch.from_numpy(u.array("codes").astype(np.int64))[None]
    mel = torch.from_numpy(u.array("mel").astype(np.float32))[None]
    length = sizes.T3["speech_prompt_tokens"]
    return {
        "t3": {"speaker_emb": torch.from_numpy(u.speaker().copy())[None], "clap_emb": None,
               "cond_prompt_speech_tokens": codes[:, :length], "cond_prompt_speech_emb": None,
               "emotion_adv": 0.5 * torch.ones(1, 1, 1)},
        "gen": {"prompt_token": codes, "prompt_token_len": torch.tensor([codes.shape[1]]),
                "prompt_feat": mel, "prompt_feat_len": None,
                "embedding": torch.from_numpy(u.speaker("xvector").copy())[None]}}


def manifest(folder, name):
    files = sorted(p for p in folder.iterdir() if p.suffix in (".json", ".safetensors", ".pt"))
    return {name: {"licence": "MIT", "origin": "models/train", "files": {
        p.name: {"bytes": p.stat().st_size,
                 "sha256": hashlib.sha256(p.read_bytes()).hexdigest()} for p in files}}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "embedded")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    vocab = json.loads((args.work / "vocabulary.json").read_text())
    write = lambda name, value: (args.out / name).write_text(json.dumps(value, indent=1) + "\n")
    write("config.json", config(vocab))
    write("tokenizer.json", tokenizer_json(vocab))
    weights.write(finished(args.work, "ve").state_dict(), args.out / "ve.safetensors")
    weights.write(checkpoint(args.work, "t3"), args.out / "t3_cfg.safetensors")
    weights.write(s3gen_weights(args.work), args.out / "s3gen.safetensors")
    torch.save(built_in_voice(args.work), args.out / "conds.pt")
    path = args.out.parent / "manifest.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, **manifest(args.out, "embedded")}, indent=1) + "\n")
    for made in args.out.iterdir():   # safetensors writes files for the owner alone
        made.chmod(0o644)
    total = sum(p.stat().st_size for p in args.out.iterdir())
    print(f"{args.out}: {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
