// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <mutex>

#include "nn/growing_cache.h"
#include "nn/packed_layer.h"
#include "nn/weights.h"

namespace chatterbox {

// Self-attention in which a score also depends on the distance between query
// and key (Dai et al., "Transformer-XL", arXiv:1901.02860, section 3.3):
//   score(i, j) = ((q_i + u) . k_j + (q_i + v) . p_(i-j)) / sqrt(d)
class RelativeAttention {
 public:
  // `products` is the type of the linear layers' products.
  RelativeAttention(const Weights& weights, std::int64_t size, std::int64_t heads,
                    at::ScalarType products = at::kFloat);

  // x (T, size) -> (T, size), before the residual sum. Keys and values of
  // earlier positions come from `cache`, which is extended; null: there are
  // none. `bias` (T, keys) is added to scores; undefined: every key is seen.
  at::Tensor operator()(const at::Tensor& x, KeyValueCache* cache, const at::Tensor& bias) const;

 private:
  // Projected encodings of distances past ... -ahead, (heads, past + ahead + 1, d).
  at::Tensor distances(std::int64_t past, std::int64_t ahead) const;
  at::Tensor project_distances(std::int64_t reach) const;

  std::int64_t heads_, dim_;
  PackedLayer qkv_;             // (3 size, size); queries come scaled by 1 / sqrt(d)
  at::Tensor bias_u_, bias_v_;  // (heads, 1, d), scaled the same way
  PackedLayer out_;
  at::Tensor distance_weight_;  // (size, size)

  // Distances are the same for all calls, so they are projected once, and again only for a longer
  // call. The lock guards the pair below and is held while projecting.
  mutable std::mutex distance_lock_;
  mutable at::Tensor distance_table_;  // (heads, 2 reach + 1, d), furthest past first
  mutable std::int64_t distance_reach_ = 0;
};

}  // namespace chatterbox
