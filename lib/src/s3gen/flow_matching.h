// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "config.h"
#include "nn/weights.h"
#include "s3gen/checkpoint.h"
#include "s3gen/flow_estimator.h"

namespace chatterbox {

// Conditional flow matching (Lipman et al., arXiv:2210.02747): noise is carried to a mel by Euler
// steps along the estimated velocity, in times packed more densely near the noise. Guidance (Ho and
// Salimans, arXiv:2207.12598) estimates the velocity twice, with and without tokens, speaker and
// prompt, and steps away from the latter. A mean flow needs neither: it was taught the mean
// velocity, with guidance, of each of a few equal steps.
class FlowMatching {
 public:
  // State of earlier frames: an estimator cache per step, and the frames before the condition.
  struct Cache {
    std::vector<EstimatorCache> steps;
    at::Tensor condition;

    void seal();
    void keep(std::int64_t first, std::int64_t last);  // frames
    std::int64_t bytes() const;
  };

  FlowMatching(const Weights& estimator, const EstimatorConfig& config, const FlowConfig& flow,
               at::ScalarType products);

  // noise, features and known mel (T, 80), speaker (1, 80) -> mel (T, 80). bias and cache as for
  // the estimator; `checkpoint` runs before each step. `steps` is the number of Euler steps, 0 the
  // model's own; a cache keeps to one number.
  at::Tensor operator()(const at::Tensor& noise, const at::Tensor& features,
                        const at::Tensor& speaker, const at::Tensor& known, const at::Tensor& bias,
                        Cache* cache, const Checkpoint& checkpoint, int steps = 0) const;

  // Number of steps where a caller wants `wanted`: a mean flow can take only those it learned.
  int steps_for(int wanted) const;

 private:
  struct Step {
    double length;
    FlowEstimator::Time time;
  };
  using Schedule = std::vector<Step>;
  std::shared_ptr<const Schedule> schedule(int steps) const;

  FlowEstimator estimator_;
  FlowConfig config_;
  mutable std::mutex schedules_lock_;
  mutable std::map<int, std::shared_ptr<const Schedule>> schedules_;  // by number of steps
};

}  // namespace chatterbox
