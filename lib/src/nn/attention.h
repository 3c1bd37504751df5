// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "config.h"

namespace chatterbox {

// Rotary positions (https://arxiv.org/abs/2104.09864) with the frequency
// scaling of Llama 3: long waves are slowed by `factor`, short ones kept, those
// between interpolated.
struct RotaryTable {
  RotaryTable(std::int64_t positions, std::int64_t head_dim, double theta,
              const RopeScaling& scaling);
  // x (..., T, dim), rotated for positions [first, first + T).
  at::Tensor rotate(const at::Tensor& x, std::int64_t first) const;
  RotaryTable to(at::Device device) const;

  at::Tensor cos, sin;  // (positions, dim / 2) float32

 private:
  RotaryTable() = default;
};

// Keys and values of one request, preallocated; pages that are never written
// are never resident.
struct KvCache {
  KvCache(std::int64_t layers, std::int64_t rows, std::int64_t heads, std::int64_t capacity,
          std::int64_t head_dim, at::TensorOptions options);
  // Begins every row with what the one row of `prefix` holds.
  void begin_with(const KvCache& prefix);
  std::int64_t bytes() const { return std::int64_t(k.nbytes() + v.nbytes()); }

  at::Tensor k, v;  // (layers, rows, heads, capacity, dim)
  std::int64_t capacity;
  std::int64_t length = 0;  // positions filled
};

// Causal attention of the last T positions over all. q (B, H, T, D), k and v
// (B, H, S, D) with S >= T -> (B, H, T, D). Queries go in blocks, so that
// memory grows with T, not with its square.
at::Tensor causal_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

}  // namespace chatterbox
