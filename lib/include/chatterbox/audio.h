// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <vector>

#pragma GCC visibility push(default)
namespace chatterbox {

// Rate of everything the library speaks, Hz.
inline constexpr int kOutputRateHz = 24000;
// Speech tokens per second of speech.
inline constexpr int kTokenRateHz = 25;
// Output samples per speech token.
inline constexpr int kSamplesPerToken = kOutputRateHz / kTokenRateHz;

// Mono audio in [-1, 1].
struct Audio {
  std::vector<float> samples;
  int rate_hz = kOutputRateHz;

  double seconds() const { return rate_hz > 0 ? double(samples.size()) / rate_hz : 0.0; }
};

// Band-limited rate change (libsoxr, its high quality recipe, as upstream). Any positive rates.
// Throws kInvalidArgument for a rate of zero or less.
Audio resample(const Audio& audio, int rate_hz);

}  // namespace chatterbox
#pragma GCC visibility pop
