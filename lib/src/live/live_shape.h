// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>

#include "chatterbox/converter.h"

namespace chatterbox {

// Samples at 16 kHz that one speech token stands for.
inline constexpr std::int64_t kHeardPerToken = 640;
// Samples that must follow a token for the last frame of its mel.
inline constexpr std::int64_t kHeardEdge = 40;

// Reach of each stage of a live conversion. Knows no model and no libtorch:
// a host must be able to tell the latency before it has either.
struct LiveShape {
  explicit LiveShape(const ConversionOptions& options);

  std::int64_t chunk;              // tokens
  std::int64_t ahead;              // tokens heard after a chunk
  std::int64_t vocoder_lookahead;  // frames of 20 ms
  std::int64_t held_back;          // by the watermark, samples at 16 kHz

  static constexpr std::int64_t kContext = 150;  // tokens before a chunk that it sees

  // Samples at 16 kHz.
  std::int64_t latency() const;
};

}  // namespace chatterbox
