// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include "nn/weights.h"

namespace chatterbox {

// x + sin^2(a x) / a with one learnt a per channel: an activation that likes to
// repeat itself (Liu et al., arXiv:2006.08195). x (1, C, T) -> same
struct Snake {
  Snake(const Weights& weights, std::int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor alpha, inverse;  // (C, 1)
};

}  // namespace chatterbox
