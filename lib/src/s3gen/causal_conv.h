// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include "nn/weights.h"

namespace chatterbox {

// Convolution that sees the present and the past, on time-major data: one
// matrix product over windows of neighbouring frames, so that nothing is ever
// transposed between convolutions and the linear layers around them.
struct CausalConv {
  CausalConv(const Weights& weights, std::int64_t in, std::int64_t out, std::int64_t kernel);
  // Kernel computed from other weights, `weight` (out, in, kernel).
  CausalConv(const at::Tensor& weight, const at::Tensor& bias);

  // x (B, T, in) -> (B, T, out). `context` holds the kernel - 1 frames before
  // x, (B, kernel - 1, in), and is moved on; undefined or null: zeros.
  at::Tensor operator()(const at::Tensor& x, at::Tensor* context = nullptr) const;

  // Windows of x and its context, (B * T, kernel * in).
  at::Tensor windows(const at::Tensor& x, at::Tensor* context) const;

  at::Tensor weight;  // (out, kernel * in), taps outermost
  at::Tensor bias;    // (out)
  std::int64_t in, kernel;
};

}  // namespace chatterbox
