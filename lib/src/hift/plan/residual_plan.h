// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "hift/plan/residual_kernels.h"
#include "hift/snake.h"
#include "nn/idle_pool.h"
#include "nn/layers.h"
#include "nn/packed_linear.h"

namespace chatterbox {

class ResidualEvaluation;

// One of the vocoder's residual blocks, packed: pairs of Snake and convolution.
struct ResidualBlock {
  struct Half {
    Half(const Snake& snake, const Conv1d& conv, const ResidualKernels& kernels);
    SnakeView bend() const;
    ConvView view() const;
    int reach() const { return (kernel - 1) / 2 * dilation; }  // frames to either side

    at::Tensor alpha, inverse;
    PackedLinear weights;
    int channels, kernel, dilation;
  };

  std::vector<Half> halves;  // dilated and not, by turns
};

// The mean of residual blocks side by side, on the processor without libtorch's
// operations: time-major, with Snake and residuals where convolutions leave
// their sums, on one team of threads. Immutable and reentrant.
class ResidualPlan {
 public:
  explicit ResidualPlan(const ResidualKernels& kernels);
  ~ResidualPlan();

  // True when the kernels do so many channels without waste.
  bool fits(std::int64_t channels) const { return channels % kernels_.packing.columns == 0; }
  const ResidualKernels& kernels() const { return kernels_; }

  // x (T, channels) -> same
  at::Tensor operator()(const at::Tensor& x, const std::vector<const ResidualBlock*>& blocks) const;

 private:
  const ResidualKernels& kernels_;
  mutable IdlePool<ResidualEvaluation> idle_;
};

}  // namespace chatterbox
