// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "watermark/watermark_encoder.h"

#include <string>

#include "watermark/watermark_frames.h"

namespace chatterbox {
namespace {

constexpr std::int64_t kEncoderHidden = 256;
// Three frames of the past, and the present with all of the future.
constexpr std::int64_t kEncoderTaps = 4;
constexpr int kEncoderLayers = 5;
constexpr double kEncoderSlope = 0.01;

// (out, in, taps) -> (taps * in, out), for rows of so many frames after one another.
at::Tensor for_rows(const at::Tensor& stored) {
  return stored.permute({2, 1, 0}).reshape({-1, stored.size(0)}).contiguous();
}

}  // namespace

WatermarkEncoder::WatermarkEncoder(const Weights& weights) {
  const auto take = [&](int index, std::int64_t in, std::int64_t out, std::int64_t taps) {
    const Weights layer = weights.scope(std::to_string(index));
    return Layer{for_rows(layer.take("weight", {out, in, taps})), layer.take("bias", {out})};
  };
  first_ = take(0, WatermarkFrames::kBins, kEncoderHidden, 1);
  for (int i = 1; i <= kEncoderLayers; ++i)
    middle_.push_back(take(i, kEncoderHidden, kEncoderHidden, kEncoderTaps));
  last_ = take(kEncoderLayers + 1, kEncoderHidden, WatermarkFrames::kBins, 1);
}

WatermarkEncoder::Memory WatermarkEncoder::begin() const {
  return {std::vector<at::Tensor>(kEncoderLayers, at::zeros({kEncoderTaps - 1, kEncoderHidden}))};
}

at::Tensor WatermarkEncoder::operator()(const at::Tensor& levels, Memory& memory) const {
  const std::int64_t frames = levels.size(0);
  at::Tensor hidden = at::addmm(first_.bias, levels, first_.weight);
  at::leaky_relu_(hidden, kEncoderSlope);
  for (std::size_t i = 0; i < middle_.size(); ++i) {
    const at::Tensor seen = at::cat({memory.seen[i], hidden});
    memory.seen[i] = seen.slice(0, frames).clone();
    // Frame after frame lies in memory, so four of them are one row.
    const at::Tensor rows =
        seen.as_strided({frames, kEncoderTaps * kEncoderHidden}, {kEncoderHidden, 1}).contiguous();
    hidden = at::addmm(middle_[i].bias, rows, middle_[i].weight);
    at::leaky_relu_(hidden, kEncoderSlope);
  }
  return at::addmm(last_.bias, hidden, last_.weight);
}

}  // namespace chatterbox
