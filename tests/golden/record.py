#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Records a golden case: a tiny model of a family, inputs, and every stage as upstream's Python
computes it. tests/parity/README.md says what the files are.

    tests/golden/record.py --upstream CHECKOUT [--family english|turbo|nano|multilingual]

English's is tests/golden/tiny. The others take from it and from each other what is equal (see
share.py): weights of all but T3, noise, recordings.
"""
import argparse
import json
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "parity"), str(HERE.parent.parent / "models")]

ENGLISH_TEXT = "Hello there: the other morning — we wrote “something” about 3 boats, the sea…"
# 22.05 kHz is resampled twice on its way, and this length leaves half a token.
ENGLISH_REFERENCE = {"seconds": 2.5, "rate_hz": 22050}
# Just long enough; of Turbo and Nano the rate is another one.
LONG_REFERENCE = {"seconds": 5.1, "rate_hz": 8000}
# What each family is asked. A source of 0.28 s has as many tokens as are spoken, with the three of
# silence: conversion can be given the same noise.
SPOKEN = {
    "english": dict(seed=5, text=ENGLISH_TEXT, reference=ENGLISH_REFERENCE, tokens=15,
                    source={"seconds": 1.0, "rate_hz": 16000}),
    "turbo": dict(seed=5, text="hello [laugh] it's the 2nd: “wait”... — [clear throat] é", tokens=4,
                  reference=LONG_REFERENCE, source={"seconds": 0.28, "rate_hz": 16000}),
    "nano": dict(seed=5, text="[sigh] ## so; [Laugh] we'll see\u2009you", tokens=4,
                 reference=LONG_REFERENCE, source=None),
    "multilingual": dict(seed=5, text="été; ÇA va… 3 œufs: “ﬁn”、", language="fr", tokens=15,
                         reference=ENGLISH_REFERENCE, source=None),
}
DIRECTORIES = {"english": "tiny", "turbo": "tiny_turbo", "nano": "tiny_nano",
               "multilingual": "tiny_multilingual"}
TOLERANCE = 2e-4
GAIN_TOLERANCE = 1e-6
SNR_DB = 50.0
# A scalar quantiser rounds: the references keep at least this far from its limits.
LEAST_ROUNDING = 2e-4


def bound(name):
    if name.endswith("tokens"):
        return {"tolerance": 0}
    if name == "loudness_gain":
        return {"tolerance": GAIN_TOLERANCE}
    return {"snr_db": SNR_DB} if name.endswith("wave") else {"tolerance": TOLERANCE}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--family", choices=SPOKEN, default="english")
    arguments = parser.parse_args()
    import librosa
    import torch
    import transformers
    import families
    import share
    import upstream
    torch.set_num_threads(1)
    up = upstream.load(arguments.upstream)
    family = families.FAMILIES[arguments.family]
    out = HERE / DIRECTORIES[family.name]
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        sound, head = 0, 0
        while True:
            case, stages, tables, rounding = record(up, family, out, pathlib.Path(temporary), sound,
                                                    head)
            if rounding < LEAST_ROUNDING:
                sound += 1
            elif case["smallest_margin"] < LEAST_ROUNDING:
                head += 1
            else:
                break
    document = {
        "script": "tests/golden/record.py",
        "upstream": "https://github.com/resemble-ai/chatterbox",
        "revision": upstream.REVISION,
        "torch": torch.__version__, "transformers": transformers.__version__,
        "librosa": librosa.__version__,
        "seed": case["seed"],
        "closest_call": case["smallest_margin"],
        "closest_rounding": rounding,
        "stages": {name: bound(name) for name in sorted(stages)},
    }
    if family.name != "english":
        others = [HERE / name for name in DIRECTORIES.values() if (HERE / name) != out]
        share.reduce(out, [other for other in others if other.is_dir()], tables, document)
    (out / "golden.json").write_text(json.dumps(document, indent=1) + "\n")


def record(up, family, out, temporary, sound, head):
    """(case, stages, computed tensors, nearest that a speech token came to being another one)."""
    import capture
    import case as cases
    import checkpoint
    import recording
    import share
    import soundfile
    import tiny
    import upstream
    what = SPOKEN[family.name]
    paths = []
    for at, form in enumerate((what["reference"], what["source"])):
        path = temporary / f"{('reference', 'source')[at]}.wav"
        if form:
            samples = recording.synthetic(**form, seed=what["seed"] + 10 * sound + at)
            if family.gpt2:  # numbers that float16 holds are half as large on disk
                soundfile.write(path, samples.astype("float16").astype("float32"), form["rate_hz"],
                                subtype="FLOAT")
            else:
                recording.write(path, samples, form["rate_hz"])
        paths.append(path if form else None)
    weights = checkpoint.Checkpoint(up, family, tiny.CONFIGS[family.name], what["seed"] + 100 * head,
                                    pitch_spread_hz=25.0)
    tables = {}
    if family.name == "english":
        weights.calibrate([path for path in paths if path])
    else:
        tables = share.adopt(weights, HERE / DIRECTORIES["english"] / "model")
    weights.save(out / "model")
    case = cases.make(family, what["seed"], what["text"], what.get("language"), *paths,
                      greedy_tokens=100, speech_tokens=what["tokens"], attention_chunk=12, flow_steps=4)
    if family.name == "english":
        case["conds"] = str(out / "model" / "conds.pt")
    elif what["source"]:
        case["source_seed"] = case["seed"]  # the same noise as speech has
    model = upstream.assemble(up, family, weights.parts(),
                              cases.tokenizer(up, family, out / "model"))
    nearest = []
    quantiser = weights.s3gen.tokenizer.quantizer._codebook.project_down
    hook = quantiser.register_forward_hook(lambda m, i, o: nearest.append(float(
        (o.abs() - checkpoint.ROUNDING).abs().min())))
    stages, inputs = capture.run(up, model, family, case)
    hook.remove()
    if case.get("conds"):
        stages.update(cases.voice_stages(up, case["conds"]))
    cases.write_inputs(out, case, inputs)
    cases.write_stages(out / "upstream", stages)
    return case, stages, tables, min(nearest)


if __name__ == "__main__":
    main()
