// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/flow_matching.h"

#include <numbers>

namespace chatterbox {
namespace {

// Below the known rows come rows of zeros: the same frames, nothing known.
at::Tensor with_unknown(const at::Tensor& known) {
  return at::stack({known, at::zeros_like(known)});
}

// Where steps begin and end, (steps + 1). In float32, as the reference computes them: the first
// are differences of nearly equal numbers, and a pitch that is off by as little puts long speech
// out of phase.
at::Tensor step_times(const FlowConfig& flow) {
  const at::Tensor even = at::linspace(0, 1, flow.steps + 1, at::kFloat);
  return flow.kind == FlowKind::kMeanFlow ? even : 1.0 - at::cos(even * 0.5 * std::numbers::pi);
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
    : estimator_(estimator, config, flow.kind, products),
      guidance_(flow.guidance),
      temperature_(flow.temperature) {
  const at::Tensor times = step_times(flow);
  const float* time = times.data_ptr<float>();
  for (int i = 0; i < flow.steps; ++i)
    steps_.push_back({time[i + 1] - time[i], estimator_.at_time(time[i], time[i + 1])});
}

at::Tensor FlowMatching::operator()(const at::Tensor& noise, const at::Tensor& features,
                                    const at::Tensor& speaker, const at::Tensor& known,
                                    const at::Tensor& bias, Cache* cache,
                                    const Checkpoint& checkpoint) const {
  if (cache && cache->steps.empty()) cache->steps.resize(steps_.size());
  at::Tensor* context = cache ? &cache->condition : nullptr;
  const FlowEstimator::Condition condition =
      guidance_ == 0
          ? estimator_.condition(features.unsqueeze(0), speaker, known.unsqueeze(0), context)
          : estimator_.condition(with_unknown(features), with_unknown(speaker[0]),
                                 with_unknown(known), context);

  at::Tensor x = noise * temperature_;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (checkpoint) checkpoint();
    const Step& step = steps_[i];
    const at::Tensor velocity =
        estimator_(x, condition, step.time, bias, cache ? &cache->steps[i] : nullptr);
    x.add_(velocity[0], step.length * (1.0 + guidance_));
    if (guidance_ != 0) x.sub_(velocity[1], step.length * guidance_);
  }
  return x;
}

}  // namespace chatterbox
