// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/relative_attention.h"

#include <algorithm>
#include <cmath>

namespace chatterbox {
namespace {

constexpr std::int64_t kSmallestReach = 1024;  // positions
constexpr std::int64_t kQueries = 128;         // at once

// Sines and cosines of the distances reach ... -reach, (2 reach + 1, size).
at::Tensor distance_encoding(std::int64_t reach, std::int64_t size) {
  const at::Tensor distance = at::arange(reach, -reach - 1, -1, at::kFloat).unsqueeze(1);
  const at::Tensor rate = at::exp(at::arange(0, size, 2, at::kFloat) * -(std::log(10000.0) / size));
  const at::Tensor angle = distance * rate;
  return at::stack({angle.sin(), angle.cos()}, 2).view({2 * reach + 1, size});
}

PackedLayer queries_keys_values(const Weights& weights, std::int64_t size, double query_divisor,
                                at::ScalarType products) {
  const double scale = 1.0 / query_divisor;
  const Linear q(weights.scope("linear_q"), size, size);
  const Linear k(weights.scope("linear_k"), size, size);
  const Linear v(weights.scope("linear_v"), size, size);
  return PackedLayer(at::cat({q.weight * scale, k.weight, v.weight}),
                     at::cat({q.bias * scale, k.bias, v.bias}), products);
}

}  // namespace

RelativeAttention::RelativeAttention(const Weights& weights, std::int64_t size, std::int64_t heads,
                                     at::ScalarType products)
    : heads_(heads),
      dim_(size / heads),
      qkv_(queries_keys_values(weights, size, std::sqrt(double(dim_)), products)),
      out_(Linear(weights.scope("linear_out"), size, size), products) {
  const double scale = 1.0 / std::sqrt(double(dim_));
  bias_u_ = (weights.take("pos_bias_u", {heads, dim_}) * scale).unsqueeze(1);
  bias_v_ = (weights.take("pos_bias_v", {heads, dim_}) * scale).unsqueeze(1);
  distance_weight_ = weights.take("linear_pos.weight", {size, size});
}

at::Tensor RelativeAttention::project_distances(std::int64_t reach) const {
  const at::Tensor encoding =
      distance_encoding(reach, heads_ * dim_).to(distance_weight_.options());
  return at::linear(encoding, distance_weight_)
      .view({2 * reach + 1, heads_, dim_})
      .transpose(0, 1)
      .contiguous();
}

at::Tensor RelativeAttention::distances(std::int64_t past, std::int64_t ahead) const {
  const std::lock_guard lock(distance_lock_);
  const std::int64_t needed = std::max(past, ahead);
  if (!distance_table_.defined() || needed > distance_reach_) {
    distance_reach_ = std::max(kSmallestReach, needed + needed / 2);
    distance_table_ = project_distances(distance_reach_);
  }
  return distance_table_.narrow(1, distance_reach_ - past, past + ahead + 1);
}

at::Tensor RelativeAttention::operator()(const at::Tensor& x, KeyValueCache* cache,
                                         const at::Tensor& bias) const {
  const std::int64_t n = x.size(0);
  const at::Tensor qkv = qkv_(x).view({n, 3, heads_, dim_}).permute({1, 2, 0, 3});
  const at::Tensor q = qkv[0];  // (heads, n, d)
  const at::Tensor keys = cache ? cache->keys.append(qkv[1]) : qkv[1];
  const at::Tensor values = cache ? cache->values.append(qkv[2]) : qkv[2];
  const std::int64_t m = keys.size(1);

  // Queries go in blocks, so that each computes only its own distances and its scores stay in the
  // cache.
  at::Tensor seen = at::empty({n, heads_, dim_}, x.options());
  for (std::int64_t first = 0; first < n; first += kQueries) {
    const std::int64_t count = std::min(kQueries, n - first);
    const at::Tensor some = q.narrow(1, first, count);
    // Column c of `shifted` is distance past - c. Query a of the block stands at position
    // past - count + 1 + a, so its distance to key j lies in column count - 1 - a + j:
    // reading each row one column earlier than the row above lines keys up.
    const std::int64_t past = m - n + first + count - 1, columns = m + count - 1;
    const at::Tensor shifted =
        at::bmm(some + bias_v_, distances(past, n - 1 - first).transpose(1, 2)).contiguous();
    const at::Tensor by_distance =
        shifted.as_strided({heads_, count, m}, {count * columns, columns - 1, 1},
                           shifted.storage_offset() + count - 1);
    at::Tensor scores = at::baddbmm(by_distance, some + bias_u_, keys.transpose(1, 2));
    if (bias.defined()) scores.add_(bias.narrow(0, first, count));
    seen.narrow(0, first, count).copy_(at::bmm(at::softmax(scores, -1), values).transpose(0, 1));
  }
  return out_(seen.view({n, heads_ * dim_}));
}

}  // namespace chatterbox
