// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "config.h"
#include "nn/layers.h"
#include "nn/weights.h"
#include "s3gen/estimator_layers.h"

namespace chatterbox {

// Mel bands of everything S3Gen and HiFT exchange.
inline constexpr std::int64_t kMelBands = 80;

// The velocity of a noisy mel on its way to speech: a causal U-Net of one
// level, resnet and transformer blocks over frames at 50/s. For a mean flow
// (Geng et al., arXiv:2505.13447) it is the mean velocity of a whole step.
class FlowEstimator {
 public:
  // What the flow's time adds to each resnet block, in order, (channels) each.
  using Time = std::vector<at::Tensor>;

  // What token features, speaker and known mel contribute to the first block.
  // They stay the same while x moves, so they pass through it once.
  struct Condition {
    at::Tensor conv, shortcut;  // (rows, T, channels)
  };

  // Weights are float32; `products` is the type of most matrix products. Throws kBadFile where the
  // weights are those of the other kind of flow.
  FlowEstimator(const Weights& weights, const EstimatorConfig& config, FlowKind kind,
                at::ScalarType products);

  // For a step from t to `end`, both in [0, 1], 0 noise and 1 speech. Only a mean flow looks at
  // the end.
  Time at_time(double t, double end) const;

  // features and known (rows, T, 80), speaker (rows, 80). `context` holds the
  // frames before these and is moved on; null: there are none.
  Condition condition(const at::Tensor& features, const at::Tensor& speaker,
                      const at::Tensor& known, at::Tensor* context) const;

  // x (T, 80), one for all rows of the condition, to velocities (rows, T, 80).
  // `bias` (T, T) limits what frames see of each other; undefined: everything.
  // `cache` holds all frames before x at this time and is extended; null:
  // there are none.
  at::Tensor operator()(const at::Tensor& x, const Condition& condition, const Time& time,
                        const at::Tensor& bias, EstimatorCache* cache) const;

 private:
  struct Stage {
    Stage(const Weights& weights, std::int64_t in, std::int64_t time_dim,
          const EstimatorConfig& config, at::ScalarType products);
    at::Tensor transform(at::Tensor x, const at::Tensor& bias, EstimatorCache* cache) const;

    ResnetBlock resnet;
    std::vector<TransformerBlock> blocks;
  };

  // One time, embedded: (1, 4 * channels).
  at::Tensor embed_time(double t) const;

  Linear time1_, time2_;
  std::optional<Linear> time_mixer_;  // mean flow: makes one of the step's two times
  Stage down_;
  CausalConv down_conv_;
  std::vector<Stage> mid_;
  Stage up_;
  CausalConv up_conv_;
  CausalBlock final_block_;
  CausalConv final_proj_;  // one tap
  // The first block's kernels, split into what meets x and what does not.
  CausalConv x_conv_, x_shortcut_, condition_conv_, condition_shortcut_;
};

}  // namespace chatterbox
