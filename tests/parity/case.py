# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The directory through which both sides meet; README.md lists its files."""
import json
import pathlib

import numpy

import capture
import gpt2_bpe
import multilingual_bpe
from capture_t3 import LATE_STEP, to_numpy

EXAGGERATION = 0.7


def make(family, seed, text, language, reference, source, greedy_tokens, speech_tokens,
         attention_chunk=0, flow_steps=0):
    case = {"family": family.name, "seed": seed, "text": text, "reference": str(reference),
            "source": str(source) if source else None, "greedy_tokens": greedy_tokens,
            "speech_tokens": speech_tokens, "attention_chunk": attention_chunk,
            "flow_steps": 0 if family.gpt2 else flow_steps, "exaggeration": EXAGGERATION,
            **family.options}
    return {**case, "language": language} if family.language else case


def write_inputs(directory, case, inputs):
    directory = pathlib.Path(directory)
    (directory / "inputs").mkdir(parents=True, exist_ok=True)
    document = {key: value for key, value in case.items() if key not in ("conds",)}
    document["late_step"] = LATE_STEP
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


def tokenizer(up, family, model, words=None):
    """Upstream's tokenizer of a directory; `words` as of multilingual_bpe.load."""
    model = pathlib.Path(model)
    if family.gpt2:
        return gpt2_bpe.load(model)
    if family.language:
        return multilingual_bpe.load(up, model, words)
    return up.text.EnTokenizer(str(model / "tokenizer.json"))


def load_checkpoint(up, family, model):
    """Upstream's modules with the weights of a directory."""
    import safetensors.torch
    import upstream
    model = pathlib.Path(model)
    config = model / "config.json"
    parts = upstream.build(up, family, json.loads(config.read_text()) if config.exists() else None)
    names = "ve.safetensors", family.t3_file, family.s3gen_file
    for name, module in zip(names, parts):
        module.load_state_dict(safetensors.torch.load_file(model / name),
                               strict=name != family.s3gen_file)
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
    return {f"voice_{name}": to_numpy(value) for name, value in stages.items()}
