# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The directory through which both sides meet; README.md lists its files."""
import json
import pathlib

import numpy

import capture

OPTIONS = {"exaggeration": 0.7, "cfg_weight": 0.5, "temperature": 0.8, "repetition_penalty": 1.2,
           "min_p": 0.05, "top_p": 0.9}


def make(seed, text, reference, source, greedy_tokens, speech_tokens):
    return {"seed": seed, "text": text, "reference": str(reference),
            "source": str(source) if source else None, "greedy_tokens": greedy_tokens,
            "speech_tokens": speech_tokens, **OPTIONS}


def write_inputs(directory, case, inputs):
    directory = pathlib.Path(directory)
    (directory / "inputs").mkdir(parents=True, exist_ok=True)
    document = {key: value for key, value in case.items() if key not in ("conds",)}
    document["late_step"] = capture.LATE_STEP
    for name in ("reference", "source"):
        if case.get(name):
            samples, rate = capture.mono(case[name])
            numpy.save(directory / "inputs" / f"{name}.npy", samples.astype(numpy.float32))
            document[f"{name}_rate_hz"] = int(rate)
            document[name] = pathlib.Path(case[name]).name
    for name, values in inputs.items():
        numpy.save(directory / "inputs" / f"{name}.npy", values)
    (directory / "case.json").write_text(
        json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_stages(directory, stages):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, values in stages.items():
        numpy.save(directory / f"{name}.npy", numpy.ascontiguousarray(values))


def tokenizer(model):
    from chatterbox.models.tokenizers import EnTokenizer
    return EnTokenizer(str(pathlib.Path(model) / "tokenizer.json"))


def load_checkpoint(up, model):
    """Upstream's modules with the weights of a directory."""
    import safetensors.torch
    import upstream
    model = pathlib.Path(model)
    config = model / "config.json"
    parts = upstream.build(up, json.loads(config.read_text()) if config.exists() else None)
    for name, module in zip(("ve", "t3_cfg", "s3gen"), parts):
        module.load_state_dict(safetensors.torch.load_file(model / f"{name}.safetensors"),
                               strict=name != "s3gen")
    return parts


def voice_stages(up, path):
    """What upstream reads from a conds.pt."""
    voice = up.tts.Conditionals.load(path)
    stages = {
        "speaker_embedding": voice.t3.speaker_emb,
        "t3_prompt_tokens": voice.t3.cond_prompt_speech_tokens,
        "s3gen_prompt_tokens": voice.gen["prompt_token"],
        "xvector": voice.gen["embedding"],
        "prompt_mel": voice.gen["prompt_feat"],
        "exaggeration": voice.t3.emotion_adv.reshape(1),
    }
    return {f"voice_{name}": capture.to_numpy(value) for name, value in stages.items()}
