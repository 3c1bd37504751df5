#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Compares this library with upstream's Python, stage by stage. See README.md."""
import argparse
import gc
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "models")]

# Two tokens whose logits are this close (over the largest) leave the choice to
# rounding, on either side.
MARGIN = 1e-5
ATTEMPTS = 5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("full", "tiny"), default="tiny")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--text", default="The boats came back before dawn, and nobody asked why.")
    parser.add_argument("--reference", required=True, help="recording of the voice")
    parser.add_argument("--source", help="recording to convert")
    parser.add_argument("--upstream", required=True, help="checkout of resemble-ai/chatterbox")
    parser.add_argument("--build", default=str(HERE.parent.parent / "build"),
                        help="our build directory, which holds tests/parity/stages")
    parser.add_argument("--checkpoint", help="weights to use instead of random ones")
    parser.add_argument("--speech-tokens", type=int, default=50, help="how many S3Gen speaks")
    parser.add_argument("--keep", help="keep the case in this directory")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main():
    args = arguments()
    with tempfile.TemporaryDirectory(prefix="parity-") as temporary:
        directory = pathlib.Path(args.keep or temporary)
        directory.mkdir(parents=True, exist_ok=True)
        print(f"seed {args.seed}, {args.size}, {args.text!r}", flush=True)
        model = make_case(args, directory)
        gc.collect()
        stages = pathlib.Path(args.build) / "tests" / "parity" / "stages"
        subprocess.run([stages, directory, model, directory / "ours", str(args.threads)], check=True)
        import compare
        good = compare.report(directory / "upstream", directory / "ours")
        print("every stage is within bounds" if good else "a bound is broken")
        return 0 if good else 1


def make_case(args, directory):
    """Writes inputs and upstream's stages; returns the model's directory."""
    import torch
    import capture
    import case as cases
    import upstream
    torch.set_num_threads(args.threads)
    up = upstream.load(args.upstream)
    case = cases.make(args.seed, args.text, args.reference, args.source, 100, args.speech_tokens)
    if args.checkpoint:
        model = pathlib.Path(args.checkpoint)
        parts = cases.load_checkpoint(up, model)
        stages, inputs = capture.run(up, parts, cases.tokenizer(model), case)
        stages.update(cases.voice_stages(up, model / "conds.pt"))
    else:
        model = directory / "model"
        stages, inputs = seeded(up, args, case, model)
    cases.write_inputs(directory, case, inputs)
    cases.write_stages(directory / "upstream", stages)
    print(f"closest call of greedy decoding: {case['smallest_margin']:.1e} of the largest logit",
          flush=True)
    return model


def seeded(up, args, case, model):
    import capture
    import case as cases
    import checkpoint
    import tiny
    recordings = [path for path in (args.reference, args.source) if path]
    weights = checkpoint.Checkpoint(up, tiny.CONFIG if args.size == "tiny" else None, args.seed)
    weights.calibrate(recordings)
    for attempt in range(ATTEMPTS):
        weights.save(model)
        case["conds"] = str(model / "conds.pt")
        stages, inputs = capture.run(up, weights.parts(), cases.tokenizer(model), case)
        if case["smallest_margin"] > MARGIN:
            break
        print(f"attempt {attempt}: closest call {case['smallest_margin']:.1e}; drawing another head")
        weights.redraw_head(attempt)
    stages.update(cases.voice_stages(up, model / "conds.pt"))
    return stages, inputs


if __name__ == "__main__":
    sys.exit(main())
