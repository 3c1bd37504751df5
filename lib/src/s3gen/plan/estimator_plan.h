// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/idle_pool.h"
#include "s3gen/plan/plan_cache.h"
#include "s3gen/plan/plan_layers.h"

namespace chatterbox {

class PlanEvaluation;

// The flow estimator on the processor without libtorch's operations: weights
// are packed once, buffers are made once and used again, and one team of
// threads walks through all layers, each of which is shared out in blocks of
// frames that stay in a core's cache from one product to the next. Immutable
// and reentrant: calls at the same time have buffers and threads of their own.
class EstimatorPlan {
 public:
  struct Input {
    int rows, frames;
    const float* x;                  // (frames, 80), the same for all rows
    const float *conv, *shortcut;    // FlowEstimator::Condition, (rows, frames, channels)
    std::vector<const float*> time;  // FlowEstimator::Time, (channels) each
    // Number of positions that each frame sees, those of the cache included, (frames); empty: all.
    std::vector<std::int32_t> visible;
  };

  explicit EstimatorPlan(PlanLayers layers);
  ~EstimatorPlan();

  // Velocities (rows, frames, 80).
  void operator()(const Input& input, float* velocities, PlanCache* cache) const;

 private:
  const PlanLayers layers_;
  mutable IdlePool<PlanEvaluation> idle_;
};

}  // namespace chatterbox
