// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <vector>

#include "config.h"
#include "nn/layers.h"
#include "nn/weights.h"
#include "s3gen/estimator_layers.h"
#include "s3gen/plan/flow_kernels.h"

namespace chatterbox {

class EstimatorPlan;

// The velocity of a noisy mel on its way to speech: a causal U-Net of one
// level, resnet and transformer blocks over frames at 50/s. For a mean flow
// (Geng et al., arXiv:2505.13447) it is the mean velocity of a whole step.
class FlowEstimator {
 public:
  // Flow time as each resnet block adds it, in order, (channels) each.
  using Time = std::vector<at::Tensor>;

  // The first block's response to token features, speaker and known mel. These stay the same while
  // x moves, so it is computed once.
  struct Condition {
    at::Tensor conv, shortcut;  // (rows, T, channels)
  };

  // Weights are float32; `products` is the type of most matrix products, kChar for int8. The
  // fastest kernels of this processor compute them, or libtorch. Throws kBadFile where the weights
  // are those of the other kind of flow.
  FlowEstimator(const Weights& weights, const EstimatorConfig& config, FlowKind kind,
                at::ScalarType products);
  // The same with given kernels; null: libtorch.
  FlowEstimator(const Weights& weights, const EstimatorConfig& config, FlowKind kind,
                at::ScalarType products, const FlowKernels* kernels);
  ~FlowEstimator();

  // Embedded times of a step from t to `end`, both in [0, 1]: 0 is noise, 1 speech. Only a mean
  // flow uses the end.
  Time at_time(double t, double end) const;

  // features and known (rows, T, 80), speaker (rows, 80). `context` holds the
  // frames before these and is moved on; null: there are none.
  Condition condition(const at::Tensor& features, const at::Tensor& speaker,
                      const at::Tensor& known, at::Tensor* context) const;

  // x (T, 80), one for all rows of the condition, to velocities (rows, T, 80). `bias` (T, T) is the
  // attention mask, see group_bias(); undefined: none. `cache` holds all frames before x at this
  // time and is extended; null: there are none.
  at::Tensor operator()(const at::Tensor& x, const Condition& condition, const Time& time,
                        const at::Tensor& bias, EstimatorCache* cache) const;

 private:
  at::Tensor by_tensors(const at::Tensor& x, const Condition& condition, const Time& time,
                        const at::Tensor& bias, EstimatorCache* cache) const;
  at::Tensor by_plan(const at::Tensor& x, const Condition& condition, const Time& time,
                     const at::Tensor& bias, EstimatorCache* cache) const;

  // One time, embedded: (1, 4 * channels).
  at::Tensor embed_time(double t) const;

  Linear time1_, time2_;
  std::optional<Linear> time_mixer_;  // mean flow: mixes the step's two times
  std::vector<Linear> stage_times_;
  std::optional<CausalConv> condition_conv_, condition_shortcut_;
  // Exactly one of the two is set.
  std::unique_ptr<const EstimatorLayers> layers_;
  std::unique_ptr<const EstimatorPlan> plan_;
};

}  // namespace chatterbox
