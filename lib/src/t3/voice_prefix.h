// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "nn/attention.h"

namespace chatterbox {

// Voice part of T3's input, which comes before the text, and the keys and values of its positions
// in every layer. It is the same for all texts, so a voice computes it once.
struct VoicePrefix {
  at::Tensor conditioning;  // (1, C, hidden) float32: speaker, prompt, emotion
  KvCache cache;            // one row of C positions

  std::int64_t bytes() const { return std::int64_t(conditioning.nbytes()) + cache.bytes(); }
};

}  // namespace chatterbox
