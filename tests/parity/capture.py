# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Runs upstream's own classes on one case and keeps what each stage yields.

Random draws are replaced by the case's (draws.py), and T3 decodes greedily (capture_t3.py).
"""
import contextlib
import math

import librosa
import numpy
import torch

import capture_t3
from capture_t3 import to_numpy
from draws import Draws


@contextlib.contextmanager
def hooked(*hooks):
    """Forward hooks, (module, store(inputs, output)), that end with the block."""
    handles = [module.register_forward_hook(lambda m, i, o, keep=keep: keep(i, o))
               for module, keep in hooks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.inference_mode()
def run(up, model, family, case):
    """(stages, inputs): arrays by name. `model`: upstream's class, loaded."""
    stages, inputs = {}, {}
    _voice(up, model, family, case, stages)
    voice = dict(model.conds.gen)  # upstream changes the types of its own in place

    def speak():
        with capture_t3.greedy(up, model.t3, family, case, stages):
            return model.generate(case["text"], **_options(family, case))
    _speech(model.s3gen, "", "speech_tokens", Draws(case["seed"]), stages, inputs, speak, case)
    if case.get("source"):
        converter = up.vc.ChatterboxVC(model.s3gen, "cpu", ref_dict=voice)
        draws = Draws(case.get("source_seed", case["seed"] + 1))
        _speech(model.s3gen, "vc_", "vc_tokens", draws, stages, inputs,
                lambda: converter.generate(case["source"]))
    return stages, inputs


def _options(family, case):
    options = {name: case[name] for name in family.options}
    if family.language:
        options["language_id"] = case.get("language")
    return options


def _voice(up, model, family, case, stages):
    with up.loudness() as measured:
        model.prepare_conditionals(case["reference"], exaggeration=case["exaggeration"])
    if family.gpt2:
        gain = 10.0 ** ((-27 - measured[-1]) / 20)
        usable = math.isfinite(gain) and gain > 0
        stages["loudness_gain"] = numpy.array([gain if usable else 1.0])
    conditionals = model.conds
    stages["speaker_embedding"] = to_numpy(conditionals.t3.speaker_emb)
    stages["t3_prompt_tokens"] = to_numpy(conditionals.t3.cond_prompt_speech_tokens)
    stages["s3gen_prompt_tokens"] = to_numpy(conditionals.gen["prompt_token"])
    stages["xvector"] = to_numpy(conditionals.gen["embedding"])
    stages["prompt_mel"] = to_numpy(conditionals.gen["prompt_feat"])
    if case.get("conds"):
        conditionals.save(case["conds"])


def _speech(s3gen, prefix, tokens, draws, stages, inputs, synthesize, otherwise=None):
    def keep(name):
        return lambda i, o: stages.update({prefix + name: to_numpy(o)})
    flow, inference = s3gen.flow, s3gen.inference

    def recorded(**named):
        stages[tokens] = to_numpy(torch.atleast_2d(named["speech_tokens"]))
        with draws.active():
            wave = inference(**named)
        spoken.update(named)
        return wave
    spoken = {}
    s3gen.__dict__["inference"] = recorded
    try:
        with hooked(
                (flow.encoder_proj, keep("encoder_output")),
                (flow.decoder, lambda i, o: stages.update({prefix + "mel": to_numpy(o[0])})),
                (s3gen.mel2wav.f0_predictor, keep("f0")),
                (s3gen.mel2wav.m_source, lambda i, o: stages.update(
                    {prefix + "source": to_numpy(o[0].transpose(1, 2))}))):
            wave = synthesize()
    finally:
        del s3gen.__dict__["inference"]
    stages[prefix + "wave"] = to_numpy(wave)
    prompt = stages["prompt_mel"].shape[1]
    stages[prefix + "mel"] = stages[prefix + "mel"][:, :, prompt:]
    for name, values in draws.inputs(s3gen.meanflow).items():
        inputs[prefix + name] = values
    inputs[prefix + "pitch"] = stages[prefix + "f0"]
    if otherwise:
        _speak_otherwise(s3gen, otherwise, spoken, draws, stages)


def _speak_otherwise(s3gen, case, spoken, draws, stages):
    """The same tokens with attention limited to chunks, and in another number of steps."""
    flow, prompt = s3gen.flow, stages["prompt_mel"].shape[1]

    def again(prefix, **changed):
        with draws.again(), hooked(
                (flow.encoder_proj, lambda i, o: stages.update(
                    {prefix + "encoder_output": to_numpy(o)})),
                (flow.decoder, lambda i, o: stages.update(
                    {prefix + "mel": to_numpy(o[0][:, :, prompt:])}))):
            s3gen.inference(**{**spoken, **changed})

    if case.get("attention_chunk"):
        chunked = flow.encoder, flow.decoder.estimator
        for module, chunk in zip(chunked, (case["attention_chunk"], 2 * case["attention_chunk"])):
            module.static_chunk_size = chunk
        again("chunk_")
        for module in chunked:
            module.static_chunk_size = 0
    if case.get("flow_steps"):
        again("steps_", n_cfm_timesteps=case["flow_steps"])
        del stages["steps_encoder_output"]  # as with any number of steps


def mono(path):
    """(samples, rate) as upstream's reader yields them before resampling."""
    return librosa.load(path, sr=None, mono=True)
