#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Upstream's Python and this library on the same full-size weights, one after
the other: 10 s of speech after a prompt of 10 s, two threads.

    tests/parity/speed.py --upstream CHECKOUT --model DIR [--family F] [--build build]

DIR is a full-size checkpoint, such as the one `run.py --size full --keep` leaves
in model/; it is made there when it does not exist. Upstream computes in float32. Ends with
a line `ratio F DTYPE X.XX` for each of our types: upstream's real-time factor over ours.
"""
import argparse
import gc
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "models")]
TOKEN_RATE_HZ = 25
TEXT_TOKENS = 60


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--family", choices=("english", "turbo", "nano", "multilingual"),
                        help="english, or what DIR holds")
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--build", default=str(HERE.parent.parent / "build"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=250)
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    args = parser.parse_args()
    family = which_family(args)
    theirs = measure_upstream(args, family)
    print("upstream", *(f"{name} {value:.3f}" for name, value in theirs.items()), flush=True)
    gc.collect()
    bench = pathlib.Path(args.build) / "tests" / "bench" / "full_bench"
    ours = {}
    for dtype in args.dtypes:
        output = subprocess.run([bench, args.model, dtype, str(args.threads), str(args.tokens),
                                 family.name],
                                check=True, stdout=subprocess.PIPE, text=True).stdout
        ours[dtype] = {name: float(value) for name, value in map(str.split, output.splitlines())}
        print(dtype, *(f"{name} {value:.3f}" for name, value in ours[dtype].items()), flush=True)
    print(f"{'':28s}{'upstream':>10s}" + "".join(f"{dtype:>10s}" for dtype in ours))
    for name in next(iter(ours.values())):
        upstream = f"{theirs[name]:10.3f}" if name in theirs else f"{'':10s}"
        print(f"{name:28s}{upstream}" + "".join(f"{ours[dtype][name]:10.3f}" for dtype in ours))
    for dtype, values in ours.items():
        share = values["t3_weight_gb_per_s"] / values["memory_bandwidth_gb_per_s"]
        print(f"T3 decoding reads weights at {share:.2f} of memory bandwidth, {dtype}")
    for dtype, values in ours.items():
        print(f"ratio {family.name} {dtype} {theirs['rtf'] / values['rtf']:.2f}")


def which_family(args):
    import families
    if args.family:
        return families.FAMILIES[args.family]
    return families.of_directory(args.model) if args.model.exists() else families.FAMILIES["english"]


def measure_upstream(args, family):
    import torch
    import case as cases
    import checkpoint
    import upstream
    torch.set_num_threads(args.threads)
    up = upstream.load(args.upstream)
    if args.model.exists():
        _, t3, s3gen = cases.load_checkpoint(up, family, args.model)
    else:
        weights = checkpoint.Checkpoint(up, family, None, seed=1)
        weights.save(args.model)
        _, t3, s3gen = weights.parts()
        del weights
    seconds = args.tokens / TOKEN_RATE_HZ
    result = {}
    with torch.inference_mode():
        start = time.perf_counter()
        tokens = speak(up, family, t3, args.tokens)
        t3_seconds = time.perf_counter() - start
        result["t3_tokens_per_s"] = tokens.shape[1] / t3_seconds
        reference = dict(prompt_token=torch.randint(0, 6561, (1, 250)),
                         prompt_token_len=torch.tensor([250]),
                         prompt_feat=torch.randn(1, 500, 80) * 2 - 5, prompt_feat_len=None,
                         embedding=torch.randn(1, 192))
        speech = torch.randint(0, 6561, (1, args.tokens))
        start = time.perf_counter()
        mel = s3gen.flow_inference(speech, ref_dict=reference, finalize=True)
        flow_seconds = time.perf_counter() - start
        start = time.perf_counter()
        s3gen.hift_inference(mel)
        vocoder_seconds = time.perf_counter() - start
    result["flow_rtf"] = flow_seconds / seconds
    result["vocoder_rtf"] = vocoder_seconds / seconds
    result["rtf"] = (t3_seconds + flow_seconds + vocoder_seconds) / seconds
    # Upstream gives nothing before all of it is there.
    result["first_audio_s"] = t3_seconds + flow_seconds + vocoder_seconds
    return result


def speak(up, family, t3, count):
    """`count` speech tokens of a voice whose prompt is as long as it may be."""
    import torch
    condition = up.tts.T3Cond(
        speaker_emb=torch.nn.functional.normalize(torch.rand(1, 256)),
        cond_prompt_speech_tokens=torch.randint(0, 6561, (1, t3.hp.speech_cond_prompt_len)),
        emotion_adv=0.5 * torch.ones(1, 1, 1))
    if family.gpt2:
        return t3.inference_turbo(t3_cond=condition, text_tokens=torch.randint(3, 200, (1, TEXT_TOKENS)),
                                  max_gen_len=count - 1)
    text = torch.randint(3, 200, (2, TEXT_TOKENS + 2))
    text[:, 0], text[:, -1] = t3.hp.start_text_token, t3.hp.stop_text_token
    return t3.inference(t3_cond=condition, text_tokens=text, max_new_tokens=count, temperature=0.8,
                        top_p=1.0, cfg_weight=0.5)


if __name__ == "__main__":
    main()
