# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Tiny models: every layer type of the published ones at sizes of a few
numbers, with seeded random weights. Tests use them; they do not speak.

    models/tiny.py OUT --upstream CHECKOUT [--family NAME] [--seed N]

The copies in tests/golden were made by tests/golden/record.py, which adds
the stages that upstream computes with them.
"""
import argparse
import pathlib
import sys
import tempfile

# Sizes are chosen to differ from each other wherever the published model has
# two equal ones (heads x head_dim is not hidden, and so on), so that a size
# read from the wrong place is an error and not a coincidence.
CONFIG = {
    "format": 1,
    "name": "tiny",
    "text": {"frontend": "english-bpe"},
    "t3": {
        "text_vocab": 704, "start_text": 255, "stop_text": 0, "max_text_tokens": 512,
        "speech_vocab": 6581, "start_speech": 6561, "stop_speech": 6562,
        "max_speech_tokens": 1024,
        "hidden": 16, "layers": 3, "heads": 3, "head_dim": 8, "intermediate": 40,
        "rms_eps": 1e-5, "rope_theta": 1000.0,
        "rope_scaling": {"factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_positions": 512},
        "speech_prompt_tokens": 60, "speaker_embedding": 12,
        "perceiver_queries": 5, "perceiver_heads": 2,
        "alignment": None,
    },
    "voice_encoder": {"mels": 40, "hidden": 14, "layers": 3, "embedding": 12},
    "s3tokenizer": {"mels": 128, "state": 36, "heads": 3, "layers": 2, "codebook_dims": 8},
    "xvector": {"features": 80, "head_channels": 4, "channels": 12, "growth": 6, "bottleneck": 2,
                "layers": [2, 3, 2], "embedding": 20},
    "s3gen": {
        "encoder": {"size": 18, "heads": 3, "ffn": 28, "blocks": 2, "up_blocks": 3},
        "estimator": {"channels": 16, "heads": 2, "head_dim": 6, "blocks": 2, "mid_blocks": 2},
        "flow": {"steps": 10, "guidance": 0.7, "temperature": 1.0},
        "attention": "full",
    },
    "hift": {"channels": 32, "f0_channels": 20, "harmonics": 5},
    "defaults": {"temperature": 0.8, "cfg_weight": 0.5, "exaggeration": 0.5,
                 "repetition_penalty": 1.2, "min_p": 0.05, "top_p": 1.0},
}



def _gpt2(name, **t3):
    """English's parts around a T3 on GPT-2; what is not named follows from the family."""
    parts = {key: CONFIG[key] for key in ("voice_encoder", "s3tokenizer", "xvector", "hift")}
    return {
        "format": 1, "name": f"tiny-{name}", "family": name,
        "t3": {"speech_vocab": 6563, "speech_prompt_tokens": 375, "speaker_embedding": 12,
               "max_positions": 1024, "norm_eps": 1e-5, **t3},
        **parts,
        "s3gen": {key: CONFIG["s3gen"][key] for key in ("encoder", "estimator", "attention")},
    }


CONFIGS = {
    "english": CONFIG,
    "turbo": _gpt2("turbo", text_vocab=340, hidden=16, layers=3, heads=2, head_dim=8,
                   intermediate=40),
    "nano": _gpt2("nano", text_vocab=340, hidden=8, layers=2, heads=2, head_dim=4,
                  intermediate=24),
    "multilingual": {"family": "multilingual", **CONFIG, "name": "tiny-multilingual",
                     "text": {"frontend": "multilingual-bpe"}},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", help="directory to write")
    parser.add_argument("--upstream", required=True, help="checkout of resemble-ai/chatterbox")
    parser.add_argument("--family", choices=CONFIGS, default="english")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "parity"))
    import checkpoint
    import families
    import recording
    import upstream
    up = upstream.load(arguments.upstream)
    family = families.FAMILIES[arguments.family]
    model = checkpoint.Checkpoint(up, family, CONFIGS[family.name], arguments.seed)
    with tempfile.TemporaryDirectory() as temporary:
        speech = pathlib.Path(temporary) / "speech.wav"
        recording.write(speech, recording.synthetic(6.0, 24000, arguments.seed), 24000)
        model.calibrate([speech])
    model.save(arguments.out)


if __name__ == "__main__":
    main()
