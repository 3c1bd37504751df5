#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Writes cases.json beside this file: a conds.pt in each form that is met, by torch.save.

The numbers come from uniform() of tests/golden/reference/make.py, so that tests know them without
another file. Sizes are those of the models there.
"""
import base64
import importlib.util
import io
import json
import math
import pathlib

import numpy
import torch

HERE = pathlib.Path(__file__).resolve().parent


def reference_module():
    spec = importlib.util.spec_from_file_location("make", HERE.parent / "reference" / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


UNIFORM = reference_module().uniform


def numbers(name, *shape):
    return torch.from_numpy(UNIFORM(name, math.prod(shape)).astype(numpy.float32)).view(shape)


def voice(prompt=150, frames=6):
    """As upstream's Conditionals.save writes it; the mel is a transposed view, as published."""
    return {
        "t3": {"speaker_emb": numbers("speaker_emb", 1, 16), "clap_emb": None,
               "cond_prompt_speech_tokens": (torch.arange(prompt) * 17 % 6561)[None],
               "cond_prompt_speech_emb": None, "emotion_adv": 0.75 * torch.ones(1, 1, 1)},
        "gen": {"prompt_token": torch.tensor([[1, 2, 6560]]), "prompt_token_len": torch.tensor([3]),
                "prompt_feat": numbers("prompt_feat", 1, 80, frames).transpose(1, 2),
                "prompt_feat_len": None, "embedding": numbers("embedding", 1, 12)}}


def saved(voice, **options):
    file = io.BytesIO()
    torch.save(voice, file, **options)
    return base64.b64encode(file.getvalue()).decode()


def int32_tokens():
    made = voice()
    for half, name in (("t3", "cond_prompt_speech_tokens"), ("gen", "prompt_token"),
                       ("gen", "prompt_token_len")):
        made[half][name] = made[half][name].int()
    return made


def half_t3():
    made = voice()
    for name in ("speaker_emb", "emotion_adv"):
        made["t3"][name] = made["t3"][name].half()
    return made


def parameters():
    made = voice()
    made["t3"]["speaker_emb"] = torch.nn.Parameter(made["t3"]["speaker_emb"])
    made["gen"]["embedding"] = torch.nn.Parameter(made["gen"]["embedding"], requires_grad=False)
    return made


def float_tokens():
    made = voice()
    made["t3"]["cond_prompt_speech_tokens"] = made["t3"]["cond_prompt_speech_tokens"].float()
    return made


def main():
    files = {
        "plain": saved(voice()),
        "int32_tokens": saved(int32_tokens()),
        "half_t3": saved(half_t3()),
        "odd_mel": saved(voice(frames=7)),
        "parameters": saved(parameters()),
        "long_prompt": saved(voice(prompt=375)),
        "float_tokens": saved(float_tokens()),
        "before_1_6": saved(voice(), _use_new_zipfile_serialization=False),
    }
    # As from a machine with a GPU: what says where a storage was is all that differs.
    torch.serialization.register_package(0, lambda storage: "cuda:1", lambda *_: None)
    files["cuda"] = saved(voice())
    document = {"script": "tests/golden/voices/make.py", "torch": torch.__version__, "files": files}
    text = json.dumps(document, separators=(",", ":"))
    (HERE / "cases.json").write_text(text.replace('",', '",\n') + "\n")


if __name__ == "__main__":
    main()
