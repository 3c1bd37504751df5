// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "config.h"
#include "hift/source.h"
#include "hift/spectrum.h"
#include "nn/layers.h"
#include "nn/weights.h"

namespace chatterbox {

class ResidualPlan;
class RowConvolution;
struct ResidualKernels;

// Mel spectrogram (50 frames/s) to speech at 24 kHz (HiFTNet, Li et al.,
// arXiv:2309.09493): three upsampling stages, each joined by the spectrum of a
// harmonic excitation, end in the spectrum of the waveform. Always float32, but for
// the convolutions of residual blocks where the model is bfloat16 and the processor
// multiplies that.
// Immutable and reentrant.
class Hift {
 public:
  // `mel2wav` is the scope "mel2wav" of the weights.
  Hift(const Weights& mel2wav, const HiftConfig& config);
  // With these kernels for the residual blocks, the first that fit; else by libtorch.
  Hift(const Weights& mel2wav, const HiftConfig& config,
       const std::vector<const ResidualKernels*>& kernels);
  ~Hift();

  // mel (1, 80, T) -> pitch in Hz (1, T). Looks F0Predictor::kReach around.
  at::Tensor f0(const at::Tensor& mel) const { return f0_predictor_(mel); }
  const HarmonicSource& source() const { return source_; }

  // mel (1, 80, T) and excitation (1, 1, 480 T) -> samples (1, 480 T)
  at::Tensor decode(const at::Tensor& mel, const at::Tensor& source) const {
    return decode(mel, source, 0, mel.size(2));
  }

  // Frames that the samples of a frame depend on to either side of it.
  static constexpr std::int64_t kReach = 15;

  // The samples of frames [begin, end) alone, (1, 480 (end - begin)). Those
  // within kReach of an end of the mel sound as if the utterance ended there.
  at::Tensor decode(const at::Tensor& mel, const at::Tensor& source, std::int64_t begin,
                    std::int64_t end) const;

 private:
  struct ResBlock;
  class ResBlocks;
  struct Stage;

  F0Predictor f0_predictor_;
  HarmonicSource source_;
  Spectrum spectrum_;
  std::vector<std::unique_ptr<const ResidualPlan>> plans_;
  Conv1d conv_pre_;
  std::vector<std::unique_ptr<const Stage>> stages_;
  Conv1d conv_post_;
  std::unique_ptr<const RowConvolution> post_rows_;  // in its place where there are plans
};

}  // namespace chatterbox
