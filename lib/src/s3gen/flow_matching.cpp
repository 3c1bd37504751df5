// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/flow_matching.h"

#include <numbers>

namespace chatterbox {
namespace {

// Appends rows of zeros below the known ones: the same frames, unconditioned, for guidance.
at::Tensor with_unknown(const at::Tensor& known) {
  return at::stack({known, at::zeros_like(known)});
}

// Borders of the steps, (steps + 1), in float32 as the reference computes them: the first are
// differences of nearly equal numbers, and another rounding shifts the pitch enough to put long
// speech out of phase.
at::Tensor step_times(FlowKind kind, int steps) {
  const at::Tensor even = at::linspace(0, 1, steps + 1, at::kFloat);
  return kind == FlowKind::kMeanFlow ? even : 1.0 - at::cos(even * 0.5 * std::numbers::pi);
}

}  // namespace

void FlowMatching::Cache::seal() {
  for (EstimatorCache& step : steps) step.seal();
}

void FlowMatching::Cache::keep(std::int64_t first, std::int64_t last) {
  for (EstimatorCache& step : steps) step.keep(first, last);
}

std::int64_t FlowMatching::Cache::bytes() const {
  std::int64_t sum = condition.defined() ? std::int64_t(condition.nbytes()) : 0;
  for (const EstimatorCache& step : steps) sum += step.bytes();
  return sum;
}

FlowMatching::FlowMatching(const Weights& estimator, const EstimatorConfig& config,
                           const FlowConfig& flow, at::ScalarType products)
    : estimator_(estimator, config, flow.kind, products), config_(flow) {
  schedule(flow.steps);
}

int FlowMatching::steps_for(int wanted) const {
  return wanted > 0 && config_.kind == FlowKind::kGuided ? wanted : config_.steps;
}

std::shared_ptr<const FlowMatching::Schedule> FlowMatching::schedule(int steps) const {
  const std::lock_guard guard(schedules_lock_);
  std::shared_ptr<const Schedule>& known = schedules_[steps];
  if (known) return known;
  const at::Tensor times = step_times(config_.kind, steps);
  const float* time = times.data_ptr<float>();
  auto made = std::make_shared<Schedule>();
  for (int i = 0; i < steps; ++i)
    made->push_back({time[i + 1] - time[i], estimator_.at_time(time[i], time[i + 1])});
  return known = std::move(made);
}

at::Tensor FlowMatching::operator()(const at::Tensor& noise, const at::Tensor& features,
                                    const at::Tensor& speaker, const at::Tensor& known,
                                    const at::Tensor& bias, Cache* cache,
                                    const Checkpoint& checkpoint, int wanted) const {
  const auto steps = schedule(steps_for(wanted));
  if (cache && cache->steps.empty()) cache->steps.resize(steps->size());
  at::Tensor* context = cache ? &cache->condition : nullptr;
  const double guidance = config_.guidance;
  const FlowEstimator::Condition condition =
      guidance == 0
          ? estimator_.condition(features.unsqueeze(0), speaker, known.unsqueeze(0), context)
          : estimator_.condition(with_unknown(features), with_unknown(speaker[0]),
                                 with_unknown(known), context);

  at::Tensor x = noise * config_.temperature;
  for (std::size_t i = 0; i < steps->size(); ++i) {
    if (checkpoint) checkpoint();
    const Step& step = (*steps)[i];
    const at::Tensor velocity =
        estimator_(x, condition, step.time, bias, cache ? &cache->steps[i] : nullptr);
    x.add_(velocity[0], step.length * (1.0 + guidance));
    if (guidance != 0) x.sub_(velocity[1], step.length * guidance);
  }
  return x;
}

}  // namespace chatterbox
