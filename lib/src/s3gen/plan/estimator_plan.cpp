// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/estimator_plan.h"

#include "nn/threads.h"
#include "s3gen/plan/plan_evaluation.h"

namespace chatterbox {

EstimatorPlan::EstimatorPlan(PlanLayers layers) : layers_(std::move(layers)) {}

EstimatorPlan::~EstimatorPlan() = default;

void EstimatorPlan::operator()(const Input& input, float* velocities, PlanCache* cache) const {
  std::unique_ptr<PlanEvaluation> evaluation = idle_.take();
  const int threads = kernel_threads();
  if (!evaluation || evaluation->threads() < threads)
    evaluation = std::make_unique<PlanEvaluation>(layers_, threads);
  evaluation->run(input, velocities, cache, threads);
  idle_.give_back(std::move(evaluation));
}

}  // namespace chatterbox
