// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// Conditioning of one model on one speaker; E, V and token counts are the model's.
struct Conditionals {
  // For T3.
  at::Tensor speaker_embedding;  // (1, E) float32, voice encoder
  at::Tensor speech_prompt;      // (1, N) int64, at most t3.speech_prompt_tokens
  double exaggeration = 0.5;     // upstream's emotion_adv as stored

  // For S3Gen.
  at::Tensor prompt_tokens;  // (1, P) int64, 25 per second
  at::Tensor prompt_mel;     // (1, 2P or 2P + 1, 80) float32, 50 frames per second
  at::Tensor xvector;        // (1, V) float32
};

}  // namespace chatterbox
