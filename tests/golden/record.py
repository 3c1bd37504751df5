#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Records tests/golden/tiny: the tiny model, inputs, and every stage as
upstream's Python computes it. tests/parity/README.md says what the files are.

    tests/golden/record.py --upstream CHECKOUT
"""
import argparse
import json
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "parity"), str(HERE.parent.parent / "models")]

SEED = 5
TEXT = "Hello there: the other morning — we wrote “something” about 3 boats, the sea…"
# 22.05 kHz is resampled twice on its way, and this length leaves half a token.
REFERENCE = {"seconds": 2.5, "rate_hz": 22050}
SOURCE = {"seconds": 1.0, "rate_hz": 16000}
SPEECH_TOKENS = 15
TOLERANCE = 2e-4
SNR_DB = 50.0


def bound(name):
    if name.endswith("tokens"):
        return {"tolerance": 0}
    return {"snr_db": SNR_DB} if name.endswith("wave") else {"tolerance": TOLERANCE}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--upstream", required=True)
    arguments = parser.parse_args()
    import librosa
    import torch
    import transformers
    import capture
    import case as cases
    import checkpoint
    import recording
    import tiny
    import upstream
    torch.set_num_threads(1)
    up = upstream.load(arguments.upstream)
    out = HERE / "tiny"
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        paths = [pathlib.Path(temporary) / "reference.wav", pathlib.Path(temporary) / "source.wav"]
        for seed, path, what in zip((SEED, SEED + 1), paths, (REFERENCE, SOURCE)):
            recording.write(path, recording.synthetic(**what, seed=seed), what["rate_hz"])
        weights = checkpoint.Checkpoint(up, tiny.CONFIG, SEED, pitch_spread_hz=25.0)
        weights.calibrate(paths)
        weights.save(out / "model")
        case = cases.make(SEED, TEXT, *paths, greedy_tokens=100, speech_tokens=SPEECH_TOKENS)
        case["conds"] = str(out / "model" / "conds.pt")
        stages, inputs = capture.run(up, weights.parts(), cases.tokenizer(out / "model"), case)
        stages.update(cases.voice_stages(up, out / "model" / "conds.pt"))
        cases.write_inputs(out, case, inputs)
    cases.write_stages(out / "upstream", stages)
    document = {
        "script": "tests/golden/record.py",
        "upstream": "https://github.com/resemble-ai/chatterbox",
        "revision": upstream.REVISION,
        "torch": torch.__version__, "transformers": transformers.__version__,
        "librosa": librosa.__version__,
        "seed": SEED,
        "closest_call": case["smallest_margin"],
        "stages": {name: bound(name) for name in sorted(stages)},
    }
    (out / "golden.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
