// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "audio/mel.h"
#include "config.h"
#include "nn/layers.h"
#include "nn/weights.h"

namespace chatterbox {

// Where a recording of `frames` mel frames is cut into windows of 1.6 s that
// overlap by about half. The last window may reach past the end.
struct PartialWindows {
  static constexpr std::int64_t kFrames = 160;
  static constexpr std::int64_t kStep = 77;  // 1.3 windows/s, in upstream's rounding

  explicit PartialWindows(std::int64_t frames);
  std::int64_t frames() const { return kFrames + kStep * (count - 1); }

  std::int64_t count = 0;
};

// Speaker embedding for T3: a recurrent network reads windows of mel frames; its last hidden state,
// projected and normalised, is averaged over the windows (https://arxiv.org/abs/1710.10467).
class VoiceEncoder {
 public:
  // `weights` is the root of ve.safetensors. Computes in float32 on the processor
  // always.
  VoiceEncoder(const Weights& weights, const VoiceEncoderConfig& config);

  // Waveform (L) float32 at 16 kHz -> (1, E) of length 1, on the processor.
  // Throws kInvalidArgument for less than one window of sound.
  at::Tensor embed(const at::Tensor& wav16k) const;

  // Mel of the recording without its quiet ends, (frames, mels).
  at::Tensor features(const at::Tensor& wav16k) const;

 private:
  at::Tensor embed_windows(const at::Tensor& windows) const;

  VoiceEncoderConfig config_;
  Mel mel_;
  std::vector<at::Tensor> lstm_;  // per layer: input, recurrent, and two biases
  Linear proj_;
};

}  // namespace chatterbox
