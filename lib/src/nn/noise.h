// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace chatterbox {

// Purposes of one seed's random numbers. Each is a sequence of its own, so that drawing more of one
// never changes another.
enum class NoiseStream : std::uint32_t {
  kFlowPrompt = 1,
  kFlow = 2,
  kHarmonicPhase = 3,
  kHarmonicNoise = 4,
  kSampler = 5,
};

// Random numbers addressed by (seed, stream, index): number i is the same
// whether it is drawn alone, in order, or in pieces, so the way work is cut
// into chunks never shows in the result. The generator is Philox 4x32-10
// (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
class Noise {
 public:
  Noise(std::uint64_t seed, NoiseStream stream) : seed_(seed), stream_(stream) {}

  // Standard normal numbers [first, first + count) in float32.
  at::Tensor normal(std::int64_t first, std::int64_t count) const;
  void normal(std::int64_t first, std::int64_t count, float* out) const;
  // Numbers in [0, 1).
  void uniform(std::int64_t first, std::int64_t count, float* out) const;

 private:
  std::uint64_t seed_;
  NoiseStream stream_;
};

}  // namespace chatterbox
