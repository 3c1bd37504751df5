# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Sizes of the small model, as they stand in its config.json (docs/design/model-files.md)."""

CODEBOOK_DIMS = 7
CODES = 3 ** CODEBOOK_DIMS
START_SPEECH, STOP_SPEECH = CODES, CODES + 1

S3TOKENIZER = {"mels": 128, "state": 256, "heads": 4, "layers": 5, "codebook_dims": CODEBOOK_DIMS}
VOICE_ENCODER = {"mels": 40, "hidden": 128, "layers": 2, "embedding": 128}
XVECTOR = {"features": 80, "head_channels": 8, "channels": 32, "growth": 16, "bottleneck": 2,
           "layers": [4, 6, 4], "embedding": 64}
T3 = {"max_text_tokens": 512, "speech_vocab": CODES + 2, "start_speech": START_SPEECH,
      "stop_speech": STOP_SPEECH, "max_speech_tokens": 1000, "hidden": 256, "layers": 5,
      "heads": 4, "head_dim": 64, "intermediate": 768, "rms_eps": 1e-5, "rope_theta": 10000.0,
      "rope_scaling": {"factor": 1.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                       "original_positions": 8192},
      "speech_prompt_tokens": 25, "speaker_embedding": VOICE_ENCODER["embedding"],
      "perceiver_queries": 4, "perceiver_heads": 4,
      "alignment": {"layer": 2, "head": 0, "back": 1, "ahead": 3, "max_stay": 20}}
ENCODER = {"size": 192, "heads": 4, "ffn": 512, "blocks": 3, "up_blocks": 2}
ESTIMATOR = {"channels": 128, "heads": 2, "head_dim": 64, "blocks": 1, "mid_blocks": 2}
HIFT = {"channels": 128, "f0_channels": 128, "harmonics": 8}
FLOW = {"steps": 1, "guidance": 0.0, "temperature": 0.0, "colour": 1.25}
