// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "live/silence_gate.h"

#include <algorithm>
#include <cmath>

#include "live/live_shape.h"

namespace chatterbox {
namespace {

// Silence shorter than this is part of speech: stops and breaths.
constexpr std::int64_t kHoldTokens = 6;
constexpr double kLowestDb = -100;

}  // namespace

SilenceGate::SilenceGate(double threshold_db)
    : threshold_(threshold_db <= kLowestDb ? 0.0 : std::pow(10.0, threshold_db / 10.0)) {}

void SilenceGate::push(std::span<const float> samples) {
  for (const float sample : samples) {
    sum_ += double(sample) * sample;
    if (++counted_ < kHeardPerToken) continue;
    loud_.push_back(sum_ / double(kHeardPerToken) > threshold_);
    sum_ = 0;
    counted_ = 0;
  }
}

bool SilenceGate::is_open(std::int64_t begin, std::int64_t end) {
  for (; first_ < begin - kHoldTokens && !loud_.empty(); ++first_) loud_.pop_front();
  const auto count = std::min(std::size_t(std::max<std::int64_t>(end - first_, 0)), loud_.size());
  return std::any_of(loud_.begin(), loud_.begin() + std::ptrdiff_t(count),
                     [](bool loud) { return loud; });
}

}  // namespace chatterbox
