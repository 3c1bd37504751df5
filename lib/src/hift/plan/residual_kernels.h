// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <vector>

#include "nn/kernels.h"
#include "nn/packing.h"

namespace chatterbox {

// A convolution over frames, taps outermost: `kernel` taps, `dilation` frames
// apart.
struct ConvView {
  PackedView weights;
  int channels, kernel, dilation;
};

// x + sin^2(alpha x) inverse, for each channel.
struct SnakeView {
  const float *alpha, *inverse;
};

// Pieces of the vocoder's residual blocks over neighbouring frames, at most
// `frames` at once. Everything is time-major; sums and residuals are float32,
// left operands of products are numbers of the kernels' precision. Operands are
// readable, whatever they hold, for `slack` rows after the last.
struct ResidualKernels {
  const char* name;
  Packing packing;
  int frames, slack;
  int operand;  // bytes
  std::size_t (*scratch_bytes)(int channels);

  // Snake of x (frames, channels).
  void (*activate)(const float* x, int frames, int channels, const SnakeView&, void* to);
  // A convolution of `input`, the first tap of the first frame, and Snake of
  // that.
  void (*convolve)(const ConvView&, const void* input, int frames, const SnakeView&, void* to,
                   void* scratch);
  // A convolution added to x.
  void (*add)(const ConvView&, const void* input, int frames, float* x);
};

enum class ResidualPrecision { kFloat, kBFloat16 };

// For one instruction set, whether or not this processor has it, or null.
const ResidualKernels* residual_kernels_for(Isa isa, ResidualPrecision precision);
// Those that this processor runs, the fastest first; float32 after bfloat16, and
// narrow ones, which fit more models, after wide ones.
std::vector<const ResidualKernels*> residual_kernels(ResidualPrecision precision);

}  // namespace chatterbox
