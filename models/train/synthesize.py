# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The whole chain in Python, from a model directory: a reference for scores and for the engine.

    synthesize.py --model models/embedded --out hello.wav "Hello there."
    synthesize.py --model models/embedded --sentences tests/quality/sentences.txt --out DIR
"""
import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import soundfile
import torch

import audio
import weights
from export import below
from frontend import Flite
from modules.flow import Flow
from modules.hift import Hift
from modules.t3 import T3
from sampling import Options, generate
from train_t3 import START, STOP

FADE = audio.SPEECH_HZ // 50   # 20 ms of silence, then 20 ms fading in, as upstream does


def phone_ids(symbols, vocab):
    """Ids between START and STOP; unknown symbols try the other stress, else are dropped."""
    ids = []
    for symbol in symbols:
        other = symbol[:-1] + {"0": "1", "1": "0"}.get(symbol[-1], "")
        if symbol in vocab or other in vocab:
            ids.append(vocab.get(symbol, vocab.get(other)))
    return [vocab[START]] + ids + [vocab[STOP]]


def part(tensors, prefix, module):
    """A module with the weights under a prefix; every tensor of it must be there."""
    module.load_state_dict(below(prefix, tensors, ""), strict=True)
    return module.eval().requires_grad_(False)


class Chain:
    """Front end, T3, flow and vocoder with the built-in voice."""

    def __init__(self, folder):
        self.config = config = json.loads((folder / "config.json").read_text())
        self.vocab = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
        self.voice = torch.load(folder / "conds.pt", weights_only=True)
        self.front_end = Flite()
        self.t3 = part(weights.read(folder / "t3_cfg.safetensors"), "", T3(config["t3"]))
        tensors = weights.read(folder / "s3gen.safetensors")
        s3gen = config["s3gen"]
        codes = 3 ** config["s3tokenizer"]["codebook_dims"]
        self.flow = part(tensors, "flow.", Flow(codes, config["xvector"]["embedding"],
                                                s3gen["encoder"], s3gen["estimator"],
                                                s3gen["flow"]))
        self.hift = part(tensors, "mel2wav.", Hift(**config["hift"]))
        defaults = config["defaults"]
        self.emotion = defaults["exaggeration"]
        self.options = Options(**{k: v for k, v in defaults.items() if k != "exaggeration"})

    def tokens(self, text):
        """Speech tokens of a text, and whether T3 ended by itself."""
        ids = phone_ids(self.front_end.read(text).symbols, self.vocab)
        t3 = self.voice["t3"]
        return generate(self.t3, t3["speaker_emb"][0], t3["cond_prompt_speech_tokens"][0],
                        self.emotion, ids, self.options)

    def mel(self, tokens, chunk=0):
        """Tokens to mel (1, 80, frames); chunks of `chunk` tokens, 0 for one chunk."""
        gen = self.voice["gen"]
        prompt = gen["prompt_token"]
        places = torch.arange(len(tokens))
        groups = 1 + (places // chunk if chunk else torch.zeros_like(places))
        groups = torch.cat([torch.zeros(prompt.shape[1], dtype=torch.long), groups])[None]
        codes = torch.cat([prompt, torch.tensor(tokens)[None]], 1)
        return self.flow.sample(codes, gen["embedding"], gen["prompt_feat"].transpose(1, 2), groups)

    @torch.no_grad()
    def wave(self, mel):
        wave = self.hift(mel)[0]
        wave[:FADE] = 0
        wave[FADE:2 * FADE] *= (torch.cos(torch.linspace(math.pi, 0, FADE)) + 1) / 2
        return wave.numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", nargs="?")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--sentences", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only each n-th sentence")
    parser.add_argument("--out", type=Path, required=True, help="file, or folder for sentences")
    parser.add_argument("--chunk", type=int, default=0, help="tokens a chunk; 0: all in one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    for name in ("temperature", "cfg-weight", "repetition-penalty", "min-p"):
        parser.add_argument(f"--{name}", type=float)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)   # ten times as fast in the vocoder
    chain = Chain(args.model)
    for name in ("temperature", "cfg_weight", "repetition_penalty", "min_p"):
        if getattr(args, name) is not None:
            setattr(chain.options, name, getattr(args, name))
    jobs = [(args.out, args.text)]
    if args.sentences:
        args.out.mkdir(parents=True, exist_ok=True)
        texts = args.sentences.read_text().splitlines()
        jobs = [(args.out / f"{k:03d}.wav", t) for k, t in enumerate(texts)][::args.every]
    seconds, endless, spent = 0.0, 0, np.zeros(3)
    for k, (path, text) in enumerate(jobs):
        torch.manual_seed(args.seed + k)
        clock = [time.process_time()]
        tokens, ended = chain.tokens(text)
        clock.append(time.process_time())
        mel = chain.mel(tokens, args.chunk)
        clock.append(time.process_time())
        wave = chain.wave(mel)
        clock.append(time.process_time())
        soundfile.write(path, wave, audio.SPEECH_HZ)
        spent += np.diff(clock)
        seconds += len(wave) / audio.SPEECH_HZ
        endless += not ended
    print(f"{seconds:.1f} s of speech; CPU seconds: T3 {spent[0]:.1f}, flow {spent[1]:.1f}, "
          f"vocoder {spent[2]:.1f}; without an end: {endless}")


if __name__ == "__main__":
    main()
