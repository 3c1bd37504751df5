// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/relative_attention.h"

#include <algorithm>
#include <cmath>

namespace chatterbox {
namespace {

constexpr std::int64_t kSmallestReach = 1024;  // positions

// Sines and cosines of the distances reach ... -reach, (2 reach + 1, size).
at::Tensor distance_encoding(std::int64_t reach, std::int64_t size) {
  const at::Tensor distance = at::arange(reach, -reach - 1, -1, at::kFloat).unsqueeze(1);
  const at::Tensor rate = at::exp(at::arange(0, size, 2, at::kFloat) * -(std::log(10000.0) / size));
  const at::Tensor angle = distance * rate;
  return at::stack({angle.sin(), angle.cos()}, 2).view({2 * reach + 1, size});
}

}  // namespace

RelativeAttention::RelativeAttention(const Weights& weights, std::int64_t size, std::int64_t heads)
    : heads_(heads), dim_(size / heads), out_(weights.scope("linear_out"), size, size) {
  const double scale = 1.0 / std::sqrt(double(dim_));
  const Linear q(weights.scope("linear_q"), size, size);
  const Linear k(weights.scope("linear_k"), size, size);
  const Linear v(weights.scope("linear_v"), size, size);
  qkv_weight_ = at::cat({q.weight * scale, k.weight, v.weight});
  qkv_bias_ = at::cat({q.bias * scale, k.bias, v.bias});
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
  const at::Tensor qkv =
      at::linear(x, qkv_weight_, qkv_bias_).view({n, 3, heads_, dim_}).permute({1, 2, 0, 3});
  const at::Tensor q = qkv[0];  // (heads, n, d)
  const at::Tensor keys = cache ? cache->keys.append(qkv[1]) : qkv[1];
  const at::Tensor values = cache ? cache->values.append(qkv[2]) : qkv[2];
  const std::int64_t m = keys.size(1);

  // Column c of `shifted` is distance m - 1 - c. Query a stands at position
  // m - n + a, so its distance to key j lies in column n - 1 - a + j: reading
  // each row one column earlier than the row above lines keys up.
  const std::int64_t columns = m + n - 1;
  const at::Tensor shifted =
      at::bmm(q + bias_v_, distances(m - 1, n - 1).transpose(1, 2)).contiguous();
  const at::Tensor by_distance = shifted.as_strided({heads_, n, m}, {n * columns, columns - 1, 1},
                                                    shifted.storage_offset() + n - 1);

  at::Tensor scores = at::baddbmm(by_distance, q + bias_u_, keys.transpose(1, 2));
  if (bias.defined()) scores.add_(bias);
  const at::Tensor seen = at::bmm(at::softmax(scores, -1), values);  // (heads, n, d)
  return out_(seen.transpose(0, 1).reshape({n, heads_ * dim_}));
}

}  // namespace chatterbox
