// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/snake.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "nn/lanes.h"

namespace chatterbox {
namespace {

using lanes::kLanes;

constexpr double kNoDivisionByZero = 1e-9;
constexpr std::int64_t kGrain = 1 << 14;  // numbers worth a thread

// One channel, in one pass over memory.
CHATTERBOX_CLONES void bend(const float* x, std::int64_t size, float alpha, float inverse,
                            float* y) {
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    const lanes::Floats value = lanes::load(x + i);
    lanes::store(y + i, value + lanes::sin_squared(value * alpha) * inverse);
  }
  if (i == size) return;
  float rest[kLanes] = {};
  std::copy(x + i, x + size, rest);
  const lanes::Floats value = lanes::load(rest);
  lanes::store(rest, value + lanes::sin_squared(value * alpha) * inverse);
  std::copy(rest, rest + (size - i), y + i);
}

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
  at::parallel_for(0, channels,
                   std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, frames)),
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t c = begin; c < end; ++c)
                       bend(in + c * frames, frames, a[c], over_a[c], out + c * frames);
                   });
  return to;
}

}  // namespace chatterbox
