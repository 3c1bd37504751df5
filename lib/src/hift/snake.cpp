// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/snake.h"

namespace chatterbox {
namespace {

constexpr double kNoDivisionByZero = 1e-9;

}  // namespace

Snake::Snake(const Weights& weights, std::int64_t channels)
    : alpha(weights.take("alpha", {channels}).unsqueeze(1)),
      inverse((alpha + kNoDivisionByZero).reciprocal()) {}

at::Tensor Snake::operator()(const at::Tensor& x) const {
  return (x * alpha).sin_().square_().mul_(inverse).add_(x);
}

}  // namespace chatterbox
