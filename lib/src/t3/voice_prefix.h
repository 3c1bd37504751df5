// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "nn/attention.h"

namespace chatterbox {

// What T3 hears of a voice before the text, and the keys and values of these positions in
// every layer. They are the same for all texts, so that a voice that speaks often computes
// them once.
struct VoicePrefix {
  at::Tensor conditioning;  // (1, C, hidden) float32: speaker, prompt, emotion
  KvCache cache;            // one row of C positions

  std::int64_t bytes() const { return std::int64_t(conditioning.nbytes()) + cache.bytes(); }
};

}  // namespace chatterbox
