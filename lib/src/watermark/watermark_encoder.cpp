// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "watermark/watermark_encoder.h"

#include <string>

#include "watermark/watermark_frames.h"

namespace chatterbox {
namespace {

constexpr std::int64_t kHidden = 256;
constexpr std::int64_t kStoredTaps = 7;
// The past, and the present with all of the future.
constexpr std::int64_t kTaps = (kStoredTaps + 1) / 2;
constexpr int kMiddleLayers = 5;
constexpr double kNegativeSlope = 0.01;

// (out, in, 7) -> (4 * in, out), for rows of four frames after one another.
at::Tensor fold_future(const at::Tensor& stored) {
  const at::Tensor past = stored.slice(2, 0, kTaps - 1);
  const at::Tensor rest = stored.slice(2, kTaps - 1, kStoredTaps).sum(2, /*keepdim=*/true);
  const at::Tensor folded = at::cat({past, rest}, 2);
  return folded.permute({2, 1, 0}).reshape({kTaps * stored.size(1), stored.size(0)}).contiguous();
}

}  // namespace

WatermarkEncoder::WatermarkEncoder(const Weights& weights) {
  const auto take = [&](int index, std::int64_t in, std::int64_t out, std::int64_t taps) {
    const Weights layer = weights.scope(std::to_string(index));
    const at::Tensor stored = layer.take("weight", {out, in, taps});
    return Layer{taps == 1 ? stored.select(2, 0).t().contiguous() : fold_future(stored),
                 layer.take("bias", {out})};
  };
  first_ = take(0, WatermarkFrames::kBins, kHidden, 1);
  for (int i = 1; i <= kMiddleLayers; ++i)
    middle_.push_back(take(i, kHidden, kHidden, kStoredTaps));
  last_ = take(kMiddleLayers + 1, kHidden, WatermarkFrames::kBins, 1);
}

WatermarkEncoder::Memory WatermarkEncoder::begin() const {
  return {std::vector<at::Tensor>(kMiddleLayers, at::zeros({kTaps - 1, kHidden}))};
}

at::Tensor WatermarkEncoder::operator()(const at::Tensor& levels, Memory& memory) const {
  const std::int64_t frames = levels.size(0);
  at::Tensor hidden = at::addmm(first_.bias, levels, first_.weight);
  at::leaky_relu_(hidden, kNegativeSlope);
  for (std::size_t i = 0; i < middle_.size(); ++i) {
    const at::Tensor seen = at::cat({memory.seen[i], hidden});
    memory.seen[i] = seen.slice(0, frames).clone();
    // Frame after frame lies in memory, so four of them are one row.
    const at::Tensor rows =
        seen.as_strided({frames, kTaps * kHidden}, {kHidden, 1}).contiguous();
    hidden = at::addmm(middle_[i].bias, rows, middle_[i].weight);
    at::leaky_relu_(hidden, kNegativeSlope);
  }
  return at::addmm(last_.bias, hidden, last_.weight);
}

}  // namespace chatterbox
