// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <vector>

#include "config.h"
#include "nn/attention.h"
#include "nn/layers.h"

namespace chatterbox {

struct LlamaLayer {
  LlamaLayer(const Weights& weights, const T3Config& config);

  RmsNorm input_norm;
  Linear q, k, v, o;
  RmsNorm mlp_norm;
  Linear gate, up, down;
};

// The transformer's weights and what it does with many positions at once. One
// position at a time is the business of the decoders (decoder.h).
class Llama {
 public:
  // `weights` is the scope "tfmr". Matrices are kept in the placement's type,
  // norms in float32 on the processor.
  Llama(const Weights& weights, const T3Config& config);

  // x (rows, T, hidden) at the cache's next T positions; fills the cache and
  // returns hidden states before the last norm, (rows, T, hidden).
  at::Tensor prefill(const at::Tensor& x, KvCache& cache, const RotaryTable& rotary) const;

  const T3Config& config() const { return config_; }
  const std::vector<LlamaLayer>& layers() const { return layers_; }
  const RmsNorm& norm() const { return norm_; }

 private:
  T3Config config_;
  std::vector<LlamaLayer> layers_;
  RmsNorm norm_;
};

// y = x W^T in the type of x. On the processor 16-bit weights are widened
// first: its float32 product is fast everywhere, its 16-bit one is not.
at::Tensor project(const Linear& linear, const at::Tensor& x);

}  // namespace chatterbox
