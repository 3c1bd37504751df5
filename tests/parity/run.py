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
    parser.add_argument("--family", choices=("english", "turbo", "nano", "multilingual"),
                        help="english, or what --checkpoint holds")
    parser.add_argument("--size", choices=("full", "tiny"), default="tiny")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--text", default="The boats came back before dawn, and nobody asked why.")
    parser.add_argument("--t3-model", choices=("v2", "v3"), default="v3",
                        help="name of multilingual's T3")
    parser.add_argument("--language", default="en", help="of the text, for multilingual")
    parser.add_argument("--reference", required=True, help="recording of the voice")
    parser.add_argument("--source", help="recording to convert")
    parser.add_argument("--upstream", required=True, help="checkout of resemble-ai/chatterbox")
    parser.add_argument("--build", default=str(HERE.parent.parent / "build"),
                        help="our build directory, which holds tests/parity/stages")
    parser.add_argument("--checkpoint", help="weights to use instead of random ones")
    parser.add_argument("--speech-tokens", type=int, default=50, help="how many S3Gen speaks")
    parser.add_argument("--attention-chunk", type=int, default=12,
                        help="tokens of a chunk where attention is limited to chunks; 0: leave out")
    parser.add_argument("--flow-steps", type=int, default=4,
                        help="of a guided flow where it takes others than its own; 0: leave out")
    parser.add_argument("--keep", help="keep the case in this directory")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main():
    args = arguments()
    with tempfile.TemporaryDirectory(prefix="parity-") as temporary:
        directory = pathlib.Path(args.keep or temporary)
        directory.mkdir(parents=True, exist_ok=True)
        family = which_family(args)
        print(f"{family.name}, seed {args.seed}, {args.size}, {args.text!r}", flush=True)
        model, refusal = make_case(args, family, directory)
        gc.collect()
        if refusal:
            return 0 if refused(args, directory, model, refusal) else 1
        ours(args, directory, model).check_returncode()
        import compare
        good = compare.report(directory / "upstream", directory / "ours")
        print("every stage is within bounds" if good else "a bound is broken")
        return 0 if good else 1


def which_family(args):
    import families
    if args.checkpoint and not args.family:
        return families.of_directory(pathlib.Path(args.checkpoint))
    family = families.FAMILIES[args.family or "english"]
    return families.multilingual(args.t3_model) if family.language else family


def ours(args, directory, model, **how):
    stages = pathlib.Path(args.build) / "tests" / "parity" / "stages"
    return subprocess.run([stages, directory, model, directory / "ours", str(args.threads)], **how)


def refused(args, directory, model, refusal):
    """Whether the library, too, does not take the reference."""
    got = ours(args, directory, model, stderr=subprocess.PIPE, text=True)
    print(f"upstream refuses the reference: {refusal}")
    print(f"the library: exit {got.returncode}: {got.stderr.strip()}")
    both = got.returncode == 1 and "reference: expected" in got.stderr
    print("both refuse it" if both else "FAIL: the library does not say that it refuses it")
    return both


def make_case(args, family, directory):
    """Writes inputs and upstream's stages; returns the model's directory, and what upstream says
    where it refuses the reference."""
    import torch
    import capture
    import case as cases
    import upstream
    torch.set_num_threads(args.threads)
    up = upstream.load(args.upstream)
    case = cases.make(family, args.seed, args.text, args.language, args.reference, args.source,
                      100, args.speech_tokens, args.attention_chunk, args.flow_steps)
    model = pathlib.Path(args.checkpoint) if args.checkpoint else directory / "model"
    try:
        if args.checkpoint:
            parts = cases.load_checkpoint(up, family, model)
            speaker = upstream.assemble(up, family, parts, tokenizer(up, args, family, model))
            stages, inputs = capture.run(up, speaker, family, case)
        else:
            stages, inputs = seeded(up, args, family, case, model)
    except AssertionError as refusal:
        if "Audio prompt" not in str(refusal):
            raise
        cases.write_inputs(directory, case, {})
        return model, refusal
    if (model / "conds.pt").exists():
        stages.update(cases.voice_stages(up, model / "conds.pt"))
    cases.write_inputs(directory, case, inputs)
    cases.write_stages(directory / "upstream", stages)
    print(f"closest call of greedy decoding: {case['smallest_margin']:.1e} of the largest logit",
          flush=True)
    return model, None


def tokenizer(up, args, family, model):
    import case as cases
    import library_text
    words = None
    if family.language and args.language in ("zh", "ja"):
        words = library_text.Words()
        question = {"text": args.text, "language": args.language}
        words.take(library_text.ask(args.build, model, family.name, [question])[0])
    return cases.tokenizer(up, family, model, words)


def seeded(up, args, family, case, model):
    import capture
    import case as cases
    import checkpoint
    import tiny
    import upstream
    recordings = [path for path in (args.reference, args.source) if path]
    config = tiny.CONFIGS[family.name] if args.size == "tiny" else None
    weights = checkpoint.Checkpoint(up, family, config, args.seed)
    weights.calibrate(recordings)
    for attempt in range(ATTEMPTS):
        weights.save(model)
        case["conds"] = str(model / "conds.pt")
        text = tokenizer(up, args, family, model)
        speaker = upstream.assemble(up, family, weights.parts(), text)
        stages, inputs = capture.run(up, speaker, family, case)
        if case["smallest_margin"] > MARGIN:
            break
        print(f"attempt {attempt}: closest call {case['smallest_margin']:.1e}; drawing another head")
        weights.redraw_head(attempt)
    return stages, inputs


if __name__ == "__main__":
    sys.exit(main())
