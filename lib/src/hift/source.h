// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "audio/speech_frames.h"
#include "config.h"
#include "nn/layers.h"
#include "nn/weights.h"

namespace chatterbox {

// Pitch of each mel frame. Looks kReach frames to both sides.
class F0Predictor {
 public:
  static constexpr std::int64_t kReach = 5;  // frames

  F0Predictor(const Weights& weights, int channels);
  // mel (1, 80, T) -> Hz (1, T)
  at::Tensor operator()(const at::Tensor& mel) const;

 private:
  std::vector<Conv1d> convs_;
  Linear classifier_;
};

// The excitation a voice begins with: sines at the pitch and its multiples
// where speech is voiced, noise where not (neural source filter, Wang et al.,
// arXiv:1904.12088), mixed into one signal.
class HarmonicSource {
 public:
  HarmonicSource(const Weights& weights, int harmonics);

  // Cycles each harmonic has turned since the utterance began.
  using Phase = std::vector<double>;
  Phase start() const { return Phase(std::size_t(sines_), 0.0); }

  // Pitch f0 (T) Hz to the excitation (1, 1, 480 T). `offsets` (sines) radians
  // is where each sine starts; `noise` (480 T, sines) is standard normal;
  // `phase` is where the frames before f0 left off, and is moved on.
  at::Tensor operator()(const at::Tensor& f0, const at::Tensor& offsets, const at::Tensor& noise,
                        Phase& phase) const;

  // The pitch itself and its multiples.
  std::int64_t sines() const { return sines_; }

 private:
  std::int64_t sines_;
  Linear mix_;
};

}  // namespace chatterbox
