// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include "nn/layers.h"
#include "nn/weights.h"

namespace chatterbox {

// Rotary positions of T frames: cos and sin, each (T, head_dim).
struct Rotation {
  Rotation(std::int64_t frames, std::int64_t head_dim, const at::Device& device);

  // x (1, T, heads, head_dim), turned by its position.
  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor cos, sin;
};

// Self-attention over all frames plus a memory: a depthwise convolution of the
// values, 15 frames to either side (FSMN, https://arxiv.org/abs/1512.08301).
struct FsmnAttention {
  FsmnAttention(const Weights& weights, std::int64_t state, std::int64_t heads);

  // (1, T, state) -> (1, T, state)
  at::Tensor operator()(const at::Tensor& x, const Rotation& rotation) const;

  std::int64_t heads;
  Linear query, key, value, out;
  Conv1d memory;
};

}  // namespace chatterbox
