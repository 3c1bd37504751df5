// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "watermark/watermark_decoder.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "watermark/watermark_frames.h"

namespace chatterbox {
namespace {

constexpr std::int64_t kHidden = 256;
constexpr std::int64_t kTaps = 7;
constexpr int kMiddleLayers = 5;
constexpr double kNegativeSlope = 0.01;

struct Speed {
  const char* name;
  double factor;
};
constexpr Speed kSpeeds[] = {{"slow", 1.25}, {"normal", 1.0}, {"fast", 0.75}};

std::vector<Conv1d> take_layers(const Weights& weights) {
  std::vector<Conv1d> layers;
  layers.emplace_back(weights.scope("0"), WatermarkFrames::kBins, kHidden, 1);
  ConvOptions same;
  same.padding = kTaps / 2;
  for (int i = 1; i <= kMiddleLayers; ++i)
    layers.emplace_back(weights.scope(std::to_string(i)), kHidden, kHidden, kTaps, same);
  layers.emplace_back(weights.scope(std::to_string(kMiddleLayers + 1)), kHidden, 2, 1);
  return layers;
}

}  // namespace

WatermarkDecoder::WatermarkDecoder(const Weights& weights) {
  for (const Speed& speed : kSpeeds)
    branches_.push_back({speed.factor, take_layers(weights.scope(speed.name))});
}

WatermarkDecoder::Evidence WatermarkDecoder::operator()(const at::Tensor& levels,
                                                        const at::Tensor& loud, std::int64_t begin,
                                                        std::int64_t end) const {
  Evidence evidence;
  const at::Tensor bins = levels.t().unsqueeze(0);  // (1, 128, frames)
  const at::Tensor mask = loud.view({1, 1, -1});    // (1, 1, frames)
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    const Branch& branch = branches_[i];
    const auto stretch = [&](std::int64_t frames) {
      return std::int64_t(double(frames) * branch.speed);
    };
    const std::int64_t size = stretch(levels.size(0));
    if (size == 0) continue;
    at::Tensor hidden = at::upsample_linear1d(bins, {size}, /*align_corners=*/true);
    for (std::size_t layer = 0; layer < branch.layers.size(); ++layer) {
      hidden = branch.layers[layer](hidden);
      if (layer + 1 < branch.layers.size()) at::leaky_relu_(hidden, kNegativeSlope);
    }
    const std::int64_t first = stretch(begin);
    const std::int64_t last = end == levels.size(0) ? size : stretch(end);
    const at::Tensor counted = at::upsample_nearest1d(mask, {size}).slice(2, first, last);
    const at::Tensor sums = (hidden.slice(2, first, last) * counted).sum(2);  // (1, 2)
    evidence.branches[i] = {sums[0][1].item<double>(), sums[0][0].item<double>(),
                            counted.sum().item<double>()};
  }
  return evidence;
}

WatermarkDecoder::Evidence& WatermarkDecoder::Evidence::operator+=(const Evidence& other) {
  for (std::size_t i = 0; i < branches.size(); ++i) {
    branches[i].marked += other.branches[i].marked;
    branches[i].believed += other.branches[i].believed;
    branches[i].frames += other.branches[i].frames;
  }
  return *this;
}

double WatermarkDecoder::Evidence::confidence() const {
  double marked = 0, weights = 0;
  double most = -INFINITY;
  for (const Branch& branch : branches)
    if (branch.frames > 0) most = std::max(most, branch.believed / branch.frames);
  for (const Branch& branch : branches) {
    if (branch.frames == 0) continue;
    const double weight = std::exp(branch.believed / branch.frames - most);
    marked += weight * branch.marked / branch.frames;
    weights += weight;
  }
  return weights > 0 ? marked / weights : 0;
}

}  // namespace chatterbox
