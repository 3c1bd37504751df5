// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include "nn/growing_cache.h"
#include "nn/layers.h"
#include "nn/packed_layer.h"
#include "nn/weights.h"

namespace chatterbox {

// Rotary positions of T frames: cos and sin, each (T, head_dim).
struct Rotation {
  Rotation(std::int64_t frames, std::int64_t head_dim, const at::Device& device);

  // x (1, n, heads, head_dim), turned by its position; x are the last n frames.
  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor cos, sin;
};

// Self-attention over all frames plus a memory: a depthwise convolution of the
// values, 15 frames to either side (FSMN, https://arxiv.org/abs/1512.08301).
struct FsmnAttention {
  FsmnAttention(const Weights& weights, std::int64_t state, std::int64_t heads);
  // The same with products of another type.
  FsmnAttention with_products(at::ScalarType products) const;

  // (1, n, state) -> (1, n, state). `cache` holds keys, not yet turned, and
  // values of the frames before x and is extended; null: there are none.
  // `rotation` is for all of them.
  at::Tensor operator()(const at::Tensor& x, const Rotation& rotation, KeyValueCache* cache) const;

  std::int64_t heads;
  PackedLayer query, key, value, out;
  Conv1d memory;
};

}  // namespace chatterbox
