#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Upstream's Python and this library on the same full-size weights, one after
the other: 10 s of speech after a prompt of 10 s, float32, two threads.

    tests/parity/speed.py --upstream CHECKOUT --model DIR [--build build]

DIR is a full-size checkpoint, such as the one `run.py --size full --keep` leaves
in model/; it is made there when it does not exist.
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
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--build", default=str(HERE.parent.parent / "build"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=250)
    args = parser.parse_args()
    theirs = measure_upstream(args)
    print("upstream", *(f"{name} {value:.3f}" for name, value in theirs.items()), flush=True)
    gc.collect()
    bench = pathlib.Path(args.build) / "tests" / "bench" / "full_bench"
    ours = {}
    for dtype in ("float32", "bfloat16"):
        output = subprocess.run([bench, args.model, dtype, str(args.threads), str(args.tokens)],
                                check=True, stdout=subprocess.PIPE, text=True).stdout
        ours[dtype] = {name: float(value) for name, value in map(str.split, output.splitlines())}
        print(dtype, *(f"{name} {value:.3f}" for name, value in ours[dtype].items()), flush=True)
    print(f"{'':28s}{'upstream':>10s}{'float32':>10s}{'bfloat16':>10s}{'ratio':>8s}")
    for name in ("t3_tokens_per_s", "flow_rtf", "vocoder_rtf", "rtf"):
        a, b, c = theirs[name], ours["float32"][name], ours["bfloat16"][name]
        ratio = b / a if name.endswith("per_s") else a / b
        print(f"{name:28s}{a:10.3f}{b:10.3f}{c:10.3f}{ratio:8.2f}")
    for name in ours["float32"]:
        if name not in theirs:
            print(f"{name:28s}{'':10s}{ours['float32'][name]:10.3f}{ours['bfloat16'][name]:10.3f}")
    for dtype, values in ours.items():
        share = values["t3_weight_gb_per_s"] / values["memory_bandwidth_gb_per_s"]
        print(f"T3 decoding reads weights at {share:.2f} of memory bandwidth, {dtype}")


def measure_upstream(args):
    import torch
    import case as cases
    import checkpoint
    import upstream
    torch.set_num_threads(args.threads)
    up = upstream.load(args.upstream)
    model = pathlib.Path(args.model)
    if model.exists():
        _, t3, s3gen = cases.load_checkpoint(up, model)
    else:
        weights = checkpoint.Checkpoint(up, None, seed=1)
        weights.save(model)
        _, t3, s3gen = weights.parts()
        del weights
    seconds = args.tokens / TOKEN_RATE_HZ
    result = {}
    with torch.inference_mode():
        condition = up.tts.T3Cond(
            speaker_emb=torch.nn.functional.normalize(torch.rand(1, 256)),
            cond_prompt_speech_tokens=torch.randint(0, 6561, (1, 150)),
            emotion_adv=0.5 * torch.ones(1, 1, 1))
        text = torch.randint(3, 200, (2, TEXT_TOKENS + 2))
        text[:, 0], text[:, -1] = t3.hp.start_text_token, t3.hp.stop_text_token
        start = time.perf_counter()
        tokens = t3.inference(t3_cond=condition, text_tokens=text, max_new_tokens=args.tokens,
                              temperature=0.8, top_p=1.0, cfg_weight=0.5)
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
    return result


if __name__ == "__main__":
    main()
