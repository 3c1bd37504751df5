# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Runs upstream's Python on one case and keeps what each stage yields.

Random draws are replaced: ours come from the case's seed, are rounded to
float16 so that they are small on disk, and are given to upstream and to the
library alike.
"""
import contextlib

import librosa
import numpy
import torch

# Step of greedy decoding, besides the first, whose logits are kept: by then
# the key-value cache and the repetition penalty have work to do.
LATE_STEP = 20


class Draws:
    """Stands in for torch's normal and uniform draws, and remembers them."""

    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)
        self.normals, self.uniforms = [], []

    def normal(self, like, **_):
        values = self.random.standard_normal(like.shape, dtype=numpy.float32).astype(numpy.float16)
        self.normals.append(values)
        return torch.from_numpy(values.astype(numpy.float32))

    def uniform(self, shape):
        values = self.random.uniform(-3.14, 3.14, tuple(shape)).astype(numpy.float16)
        values[:, 0] = 0  # upstream sets the fundamental's phase to zero
        self.uniforms.append(values)
        return torch.from_numpy(values.astype(numpy.float32))

    @contextlib.contextmanager
    def active(self):
        from torch.distributions.uniform import Uniform
        saved = torch.randn_like, Uniform.sample
        torch.randn_like = self.normal
        Uniform.sample = lambda distribution, sample_shape=(): self.uniform(sample_shape)
        try:
            yield
        finally:
            torch.randn_like, Uniform.sample = saved


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


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


@torch.inference_mode()
def run(up, parts, tokenizer, case):
    """(stages, inputs): arrays by name. `parts`: upstream's three modules."""
    voice_encoder, t3, s3gen = parts
    tts = up.tts.ChatterboxTTS(t3, s3gen, voice_encoder, tokenizer, "cpu")
    stages, inputs = {}, {}
    tts.prepare_conditionals(case["reference"], exaggeration=case["exaggeration"])
    conditionals = tts.conds
    stages["speaker_embedding"] = to_numpy(conditionals.t3.speaker_emb)
    stages["t3_prompt_tokens"] = to_numpy(conditionals.t3.cond_prompt_speech_tokens)
    stages["s3gen_prompt_tokens"] = to_numpy(conditionals.gen["prompt_token"])
    stages["xvector"] = to_numpy(conditionals.gen["embedding"])
    stages["prompt_mel"] = to_numpy(conditionals.gen["prompt_feat"])
    if case.get("conds"):
        conditionals.save(case["conds"])

    text = up.tts.punc_norm(case["text"])
    tokens = tokenizer.text_to_tokens(text)
    tokens = torch.nn.functional.pad(tokens, (1, 1))
    tokens[0, 0], tokens[0, -1] = t3.hp.start_text_token, t3.hp.stop_text_token
    stages["text_tokens"] = to_numpy(tokens).astype(numpy.int64)
    _t3(up, t3, conditionals.t3, tokens, case, stages)

    speech = torch.from_numpy(stages["greedy_tokens"][0, :case["speech_tokens"]])
    speech = speech[speech < t3.hp.start_speech_token]
    stages["speech_tokens"] = to_numpy(speech[None])
    draws = Draws(case["seed"])
    _speech(s3gen, "", draws, stages, inputs,
            lambda: s3gen.inference(speech_tokens=speech, ref_dict=dict(conditionals.gen)))

    if case.get("source"):
        converter = up.vc.ChatterboxVC(s3gen, "cpu", ref_dict=dict(conditionals.gen))
        draws = Draws(case["seed"] + 1)

        def convert():
            return converter.generate(case["source"]), None
        with hooked((s3gen.tokenizer, lambda i, o: stages.update(vc_tokens=to_numpy(o[0])))):
            _speech(s3gen, "vc_", draws, stages, inputs, convert)
    return stages, inputs


def _t3(up, t3, cond, tokens, case, stages):
    """Greedy decoding: what would be drawn is replaced by the likeliest."""
    kept = {name: [] for name in ("logits", "guided", "penalised", "tempered", "min_p", "top_p")}
    margins = []

    def recorder(base, before, after):
        class Recorder(base):
            def __call__(self, ids, scores):
                kept[before].append(to_numpy(scores[0])) if before else None
                out = super().__call__(ids, scores)
                kept[after].append(to_numpy(out[0]))
                return out
        return Recorder

    module = up.t3
    saved = (module.RepetitionPenaltyLogitsProcessor, module.MinPLogitsWarper,
             module.TopPLogitsWarper, torch.multinomial, module.T3HuggingfaceBackend.forward)

    def forward(self, *arguments, **named):
        out = saved[4](self, *arguments, **named)
        kept["logits"].append(to_numpy(out.logits[:, -1]))
        return out

    def likeliest(probabilities, num_samples):
        best = kept["tempered"][-1]
        order = numpy.partition(best, -2)
        margins.append(float((order[-1] - order[-2]) / numpy.abs(best).max()))
        return probabilities.argmax(-1, keepdim=True)

    module.RepetitionPenaltyLogitsProcessor = recorder(saved[0], "guided", "penalised")
    module.MinPLogitsWarper = recorder(saved[1], "tempered", "min_p")
    module.TopPLogitsWarper = recorder(saved[2], None, "top_p")
    module.T3HuggingfaceBackend.forward = forward
    torch.multinomial = likeliest
    try:
        with hooked((t3.cond_enc, lambda i, o: stages.update(t3_conditioning=to_numpy(o)))):
            greedy = t3.inference(
                t3_cond=cond, text_tokens=torch.cat([tokens, tokens]),
                max_new_tokens=case["greedy_tokens"], temperature=case["temperature"],
                top_p=case["top_p"], min_p=case["min_p"], cfg_weight=case["cfg_weight"],
                repetition_penalty=case["repetition_penalty"])
    finally:
        (module.RepetitionPenaltyLogitsProcessor, module.MinPLogitsWarper,
         module.TopPLogitsWarper, torch.multinomial, module.T3HuggingfaceBackend.forward) = saved
    del t3.patched_model  # upstream's wrapper holds every weight a second time
    stages["greedy_tokens"] = to_numpy(greedy)
    steps = [0, LATE_STEP]
    stages["logits"] = numpy.stack([kept["logits"][s] for s in steps])
    for name in ("guided", "penalised", "tempered", "min_p", "top_p"):
        stages[f"logits_{name}"] = numpy.stack([kept[name][s] for s in steps])
    case["smallest_margin"] = min(margins)


def _speech(s3gen, prefix, draws, stages, inputs, synthesize):
    def keep(name):
        return lambda i, o: stages.update({prefix + name: to_numpy(o)})
    flow = s3gen.flow
    with draws.active(), hooked(
            (flow.encoder_proj, keep("encoder_output")),
            (flow.decoder, lambda i, o: stages.update({prefix + "mel": to_numpy(o[0])})),
            (s3gen.mel2wav.f0_predictor, keep("f0")),
            (s3gen.mel2wav.m_source, lambda i, o: stages.update(
                {prefix + "source": to_numpy(o[0].transpose(1, 2))}))):
        wave, _ = synthesize()
    stages[prefix + "wave"] = to_numpy(wave)
    prompt = stages["prompt_mel"].shape[1]
    stages[prefix + "mel"] = stages[prefix + "mel"][:, :, prompt:]
    inputs[prefix + "flow_noise"] = draws.normals[0]
    inputs[prefix + "phases"] = draws.uniforms[0]
    inputs[prefix + "source_noise"] = draws.normals[1]
    inputs[prefix + "pitch"] = stages[prefix + "f0"]


def mono(path):
    """(samples, rate) as upstream's reader yields them before resampling."""
    return librosa.load(path, sr=None, mono=True)
