// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <optional>
#include <vector>

#include "config.h"
#include "nn/attention.h"
#include "nn/layers.h"

namespace chatterbox {

// Layer normalisation, or RMS normalisation where there is no bias.
struct Norm {
  Norm(const Weights& weights, const T3Config& config);
  // x (..., hidden) -> the same shape and type.
  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor weight, bias;  // (hidden); bias undefined for RMS
  double eps;
};

// Attention and feed-forward, each behind a norm and beside a residual. A gated
// feed-forward is down(silu(gate(x)) * up(x)), a plain one down(gelu(up(x))).
struct TransformerLayer {
  Norm input_norm;
  Linear q, k, v, o;
  Norm mlp_norm;
  std::optional<Linear> gate;
  Linear up, down;
};

// Weights of a Llama or a GPT-2 (config.backbone), and the forward pass of many positions at once.
// Decoders (decoder.h) take one position at a time. Learned positions are added by the caller.
class Transformer {
 public:
  // `weights` is the scope "tfmr". Matrices are kept in the placement's type;
  // norms and biases in float32 on the processor.
  Transformer(const Weights& weights, const T3Config& config);

  // The same with matrices in rows of int8, for the processor's own kernels.
  Transformer in_int8() const;

  // x (rows, T, hidden) at the cache's next T positions; fills the cache and
  // returns hidden states before the last norm, (rows, T, hidden).
  at::Tensor prefill(const at::Tensor& x, KvCache& cache) const;

  // A cache of `capacity` positions, in the type and on the device of the products.
  KvCache make_cache(std::int64_t rows, std::int64_t capacity) const;
  // A cache for the processor's own kernels: keys and values are bfloat16 where the weights are no
  // finer, since reading them costs as much as reading weights.
  KvCache make_raw_cache(std::int64_t rows, std::int64_t capacity) const;
  // Throws kModelFailure unless so many positions fit behind those of the cache.
  void check_room(const KvCache& cache, std::int64_t count) const;
  // Rotary positions for so many, where the backbone has them.
  std::optional<RotaryTable> make_rotary(std::int64_t positions) const;

  const T3Config& config() const { return config_; }
  const std::vector<TransformerLayer>& layers() const { return layers_; }
  const Norm& norm() const { return norm_; }

 private:
  KvCache make_cache(std::int64_t rows, std::int64_t capacity, at::ScalarType type) const;

  T3Config config_;
  std::vector<TransformerLayer> layers_;
  Norm norm_;
};

// y = x W^T + b in the type of x. On the processor narrower weights are widened
// first: its float32 product is fast everywhere, its 16-bit one is not.
at::Tensor project(const Linear& linear, const at::Tensor& x);
// down(...) of a layer's feed-forward, from what its norm made.
at::Tensor feed_forward(const TransformerLayer& layer, const at::Tensor& normed);

}  // namespace chatterbox
