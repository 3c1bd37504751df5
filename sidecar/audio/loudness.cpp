// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/loudness.h"

#include <algorithm>
#include <cmath>

namespace chatterbox::sidecar {
namespace {

constexpr double kTargetRms = 0.1;
constexpr double kSilence = 1e-6;

}  // namespace

void normalize(std::span<float> samples, Normalization kind) {
  double peak = 0, squares = 0;
  for (const float sample : samples) {
    peak = std::max(peak, std::abs(double(sample)));
    squares += double(sample) * sample;
  }
  if (kind == Normalization::kNone || peak < kSilence) return;
  const double rms = std::sqrt(squares / double(samples.size()));
  const double gain = kind == Normalization::kPeak ? 1.0 / peak : kTargetRms / rms;
  for (float& sample : samples) sample = float(sample * gain);
}

}  // namespace chatterbox::sidecar
