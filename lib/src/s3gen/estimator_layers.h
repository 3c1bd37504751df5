// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "audio/speech_frames.h"
#include "config.h"
#include "nn/growing_cache.h"
#include "nn/layers.h"
#include "nn/weights.h"
#include "s3gen/causal_conv.h"
#include "s3gen/plan/plan_cache.h"

namespace chatterbox {

// Channels of the estimator's input: x, token features, speaker and known mel,
// side by side.
inline constexpr std::int64_t kEstimatorInputs = 4 * kMelBands;

// State that one pass of the estimator leaves for the frames after it. Layers take their slots one
// after the other, in the order in which they run.
class EstimatorCache {
 public:
  void rewind() { next_context_ = next_memory_ = 0; }
  at::Tensor* next_context();
  KeyValueCache* next_memory();

  void seal();
  // Drops all earlier frames from attention but the first and the last ones.
  void keep(std::int64_t first, std::int64_t last);
  std::int64_t bytes() const;

  PlanCache plan;  // the same state where a plan runs in place of the layers

 private:
  std::vector<at::Tensor> contexts_;
  std::vector<KeyValueCache> memories_;
  std::size_t next_context_ = 0, next_memory_ = 0;
};

// Causal convolution, norm and Mish. x (B, T, in) -> (B, T, out)
struct CausalBlock {
  CausalBlock(const Weights& weights, std::int64_t in, std::int64_t out);
  at::Tensor operator()(const at::Tensor& x, EstimatorCache* cache) const;
  // The part after the convolution.
  at::Tensor activate(const at::Tensor& x) const;

  CausalConv conv;
  LayerNorm norm;
};

// Two causal blocks with the flow's time added between them, around a shortcut.
struct ResnetBlock {
  ResnetBlock(const Weights& weights, std::int64_t in, std::int64_t out, std::int64_t time_dim);
  // time (out) from at_time. x (B, T, in) -> (B, T, out)
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& time, EstimatorCache* cache) const;
  // Embedded time after Mish, (time_dim), to what this block adds.
  at::Tensor at_time(const at::Tensor& embedded) const { return time_linear(embedded); }

  Linear time_linear;
  CausalBlock block1, block2;
  CausalConv shortcut;  // one tap
};

// Pre-norm self-attention and feed-forward. x (B, T, channels) -> same. Nearly
// all of the flow's work is here, in matrix products, which alone are done in
// `products`; norms, attention and residuals stay in float32.
struct TransformerBlock {
  TransformerBlock(const Weights& weights, const EstimatorConfig& config, at::ScalarType products);
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& bias, EstimatorCache* cache) const;

  std::int64_t heads, dim;
  at::ScalarType products;
  LayerNorm norm_attention;
  at::Tensor qkv_weight;  // (3 heads d, channels); queries come scaled by 1 / sqrt(d)
  Linear out;
  LayerNorm norm_feed_forward;
  Linear expand, contract;

 private:
  at::Tensor attend(const at::Tensor& x, const at::Tensor& bias, EstimatorCache* cache) const;
};

// A resnet block and the transformer blocks after it.
struct EstimatorStage {
  EstimatorStage(const Weights& weights, std::int64_t in, const EstimatorConfig& config,
                 at::ScalarType products);
  at::Tensor transform(at::Tensor x, const at::Tensor& bias, EstimatorCache* cache) const;

  ResnetBlock resnet;
  std::vector<TransformerBlock> blocks;
};

// All layers of the estimator.
struct EstimatorLayers {
  EstimatorLayers(const Weights& weights, const EstimatorConfig& config, at::ScalarType products);

  EstimatorStage down;
  CausalConv down_conv;
  std::vector<EstimatorStage> mid;
  EstimatorStage up;
  CausalConv up_conv;
  CausalBlock final_block;
  CausalConv final_proj;  // one tap
  // The first block's kernels, split by input: x, and the condition that stays the same.
  CausalConv x_conv, x_shortcut, condition_conv, condition_shortcut;
};

}  // namespace chatterbox
