// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/snake.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "nn/kernels.h"

namespace chatterbox {
namespace {

constexpr double kNoDivisionByZero = 1e-9;
constexpr std::int64_t kGrain = 1 << 14;  // numbers worth a thread

}  // namespace

Snake::Snake(const Weights& weights, std::int64_t channels)
    : alpha(weights.take("alpha", {channels}).unsqueeze(1)),
      inverse((alpha + kNoDivisionByZero).reciprocal()) {}

at::Tensor Snake::operator()(const at::Tensor& x) const {
  if (!x.is_cpu() || x.scalar_type() != at::kFloat)
    return (x * alpha).sin_().square_().mul_(inverse).add_(x);
  const at::Tensor from = x.contiguous();
  at::Tensor to = at::empty_like(from);
  const std::int64_t channels = alpha.size(0), frames = from.size(2);
  const float *in = from.data_ptr<float>(), *a = alpha.data_ptr<float>();
  const float* over_a = inverse.data_ptr<float>();
  float* out = to.data_ptr<float>();
  const auto bend = kernels().snake;
  at::parallel_for(0, channels,
                   std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, frames)),
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t c = begin; c < end; ++c)
                       bend(in + c * frames, frames, a[c], over_a[c], out + c * frames);
                   });
  return to;
}

}  // namespace chatterbox
