// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "nn/large_pages.h"

namespace chatterbox {
namespace {

// In float32 throughout, as the reference computes them.
at::Tensor inverse_frequencies(std::int64_t dim, double theta, const RopeScaling& scaling) {
  const at::Tensor exponent = at::arange(0, dim, 2, at::kFloat) / double(dim);
  const at::Tensor plain = at::pow(at::Scalar(theta), exponent).reciprocal();
  const at::Tensor wavelength = 2.0 * M_PI / plain;
  const double longest = scaling.original_positions / scaling.low_freq_factor;
  const double shortest = scaling.original_positions / scaling.high_freq_factor;
  const at::Tensor slowed = at::where(wavelength > longest, plain / scaling.factor, plain);
  const at::Tensor smooth =
      (double(scaling.original_positions) / wavelength - scaling.low_freq_factor) /
      (scaling.high_freq_factor - scaling.low_freq_factor);
  const at::Tensor between = (1.0 - smooth) * slowed / scaling.factor + smooth * slowed;
  const at::Tensor is_between = (wavelength >= shortest).logical_and(wavelength <= longest);
  return at::where(is_between, between, slowed);
}

}  // namespace

RotaryTable::RotaryTable(std::int64_t positions, std::int64_t head_dim, double theta,
                         const RopeScaling& scaling) {
  const at::Tensor angles =
      at::outer(at::arange(positions, at::kFloat), inverse_frequencies(head_dim, theta, scaling));
  cos = angles.cos();
  sin = angles.sin();
}

RotaryTable RotaryTable::to(at::Device device) const {
  RotaryTable moved;
  moved.cos = cos.to(device);
  moved.sin = sin.to(device);
  return moved;
}

at::Tensor RotaryTable::rotate(const at::Tensor& x, std::int64_t first) const {
  const at::Tensor c = cos.narrow(0, first, x.size(-2)).to(x.scalar_type());
  const at::Tensor s = sin.narrow(0, first, x.size(-2)).to(x.scalar_type());
  const std::vector<at::Tensor> halves = x.chunk(2, -1);
  return at::cat({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s}, -1);
}

KvCache::KvCache(std::int64_t layers, std::int64_t rows, std::int64_t heads, std::int64_t capacity,
                 std::int64_t head_dim, at::TensorOptions options)
    : capacity(capacity) {
  const std::int64_t shape[] = {layers, rows, heads, capacity, head_dim};
  const auto room = [&] {
    return options.device().is_cpu()
               ? empty_in_small_pages(shape, c10::typeMetaToScalarType(options.dtype()))
               : at::empty(shape, options);
  };
  k = room();
  v = room();
}

void KvCache::begin_with(const KvCache& prefix) {
  length = prefix.length;
  k.narrow(3, 0, length).copy_(prefix.k.narrow(3, 0, length));
  v.narrow(3, 0, length).copy_(prefix.v.narrow(3, 0, length));
}

at::Tensor causal_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  constexpr std::int64_t kBlock = 256;
  const std::int64_t queries = q.size(2);
  const std::int64_t before = k.size(2) - queries;
  const double scale = 1.0 / std::sqrt(double(q.size(3)));
  std::vector<at::Tensor> blocks;
  for (std::int64_t first = 0; first < queries; first += kBlock) {
    const std::int64_t count = std::min(kBlock, queries - first);
    const std::int64_t seen = before + first + count;
    at::Tensor scores =
        at::matmul(q.narrow(2, first, count), k.narrow(2, 0, seen).transpose(-1, -2)).mul_(scale);
    const at::Tensor future =
        at::ones({count, seen}, scores.options().dtype(at::kBool)).triu_(before + first + 1);
    scores.masked_fill_(future, -std::numeric_limits<double>::infinity());
    blocks.push_back(at::matmul(at::softmax(scores, -1), v.narrow(2, 0, seen)));
  }
  return blocks.size() == 1 ? blocks[0] : at::cat(blocks, 2);
}

}  // namespace chatterbox
