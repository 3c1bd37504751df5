// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "hift/hift.h"
#include "nn/noise.h"

namespace chatterbox {

// Where the sines of one seed start, (sines), radians.
at::Tensor harmonic_offsets(std::uint64_t seed, std::int64_t sines);

// The vocoder over mel frames as they come. Every convolution in it sees a
// limited distance, so samples far enough from the end of what is known can be
// computed from a window of frames around them and are the same as if the whole
// utterance had been vocoded at once. Sines carry on where they left off, and
// noise is addressed by sample.
class VocoderStream {
 public:
  // Frames that must be known beyond the last sample returned.
  static constexpr std::int64_t kLookahead = Hift::kReach + F0Predictor::kReach;

  VocoderStream(const Hift& hift, std::uint64_t seed);

  // More mel (1, 80, T), T may be 0; `last`: the utterance ends here. Returns
  // the samples that became known, (N) float32.
  at::Tensor push(const at::Tensor& mel, bool last);

 private:
  void extend_source(bool last);
  at::Tensor excitation(const at::Tensor& f0);

  const Hift& hift_;
  Noise noise_;
  at::Tensor offsets_;  // (sines) where sines start, radians
  HarmonicSource::Phase phase_;

  // Frames are counted from the start of the utterance; both tensors hold the
  // newest ones only, from first_ on.
  std::int64_t first_ = 0;
  at::Tensor mel_;     // (1, 80, T)
  at::Tensor source_;  // (1, 1, 480 S), S <= T
  std::int64_t emitted_ = 0;
};

}  // namespace chatterbox
