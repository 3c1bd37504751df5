// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/xvector_layers.h"

#include <string>

namespace chatterbox::xvector {
namespace {

// Frames of 20 ms that share one local context.
constexpr std::int64_t kSegmentFrames = 100;

Conv2d::Options image(std::int64_t stride_h, std::int64_t padding) {
  Conv2d::Options options;
  options.stride_h = stride_h;
  options.padding = padding;
  return options;
}

ConvOptions no_bias(std::int64_t dilation = 1, std::int64_t padding = 0) {
  ConvOptions options;
  options.dilation = dilation;
  options.padding = padding;
  options.bias = Bias::kNone;
  return options;
}

// The mean of each segment, at every frame of it. (B, C, T) -> (B, C, T)
at::Tensor segment_means(const at::Tensor& x) {
  const at::Tensor means = at::avg_pool1d(x, kSegmentFrames, kSegmentFrames, /*padding=*/0,
                                          /*ceil_mode=*/true);  // a short last segment too
  return means.repeat_interleave(kSegmentFrames, -1).slice(-1, 0, x.size(-1));
}

}  // namespace

ResidualBlock::ResidualBlock(const Weights& weights, std::int64_t channels, std::int64_t stride)
    : conv1(weights.scope("conv1"), channels, channels, 3, image(stride, 1)),
      norm1(weights.scope("bn1"), channels),
      conv2(weights.scope("conv2"), channels, channels, 3, image(1, 1)),
      norm2(weights.scope("bn2"), channels) {
  if (stride == 1) return;
  shortcut.emplace(weights.scope("shortcut.0"), channels, channels, 1, image(stride, 0));
  shortcut_norm.emplace(weights.scope("shortcut.1"), channels);
}

at::Tensor ResidualBlock::operator()(const at::Tensor& x) const {
  const at::Tensor y = norm2(conv2(at::relu(norm1(conv1(x)))));
  return at::relu(y + (shortcut ? (*shortcut_norm)((*shortcut)(x)) : x));
}

Head::Head(const Weights& weights, std::int64_t channels)
    : conv1(weights.scope("conv1"), 1, channels, 3, image(1, 1)),
      norm1(weights.scope("bn1"), channels),
      conv2(weights.scope("conv2"), channels, channels, 3, image(2, 1)),
      norm2(weights.scope("bn2"), channels) {
  for (const char* layer : {"layer1", "layer2"}) {
    blocks.emplace_back(weights.scope(layer).scope("0"), channels, /*stride=*/2);
    blocks.emplace_back(weights.scope(layer).scope("1"), channels, /*stride=*/1);
  }
}

at::Tensor Head::operator()(const at::Tensor& features) const {
  at::Tensor x = at::relu(norm1(conv1(features.unsqueeze(1))));
  for (const ResidualBlock& block : blocks) x = block(x);
  x = at::relu(norm2(conv2(x)));
  return x.flatten(1, 2);
}

ContextMask::ContextMask(const Weights& weights, std::int64_t in, std::int64_t out,
                         std::int64_t dilation)
    : local(weights.scope("linear_local"), in, out, 3, no_bias(dilation, /*padding=*/dilation)),
      squeeze(weights.scope("linear1"), in, in / 2, 1),
      excite(weights.scope("linear2"), in / 2, out, 1) {}

at::Tensor ContextMask::operator()(const at::Tensor& x) const {
  const at::Tensor context = x.mean(-1, /*keepdim=*/true) + segment_means(x);
  return local(x) * at::sigmoid(excite(at::relu(squeeze(context))));
}

DenseLayer::DenseLayer(const Weights& weights, std::int64_t in, const XVectorConfig& config,
                       std::int64_t dilation)
    : norm1(weights.scope("nonlinear1.batchnorm"), in),
      linear(weights.scope("linear1"), in, config.bottleneck * config.growth, 1, no_bias()),
      norm2(weights.scope("nonlinear2.batchnorm"), config.bottleneck * config.growth),
      mask(weights.scope("cam_layer"), config.bottleneck * config.growth, config.growth, dilation) {
}

at::Tensor DenseLayer::operator()(const at::Tensor& x) const {
  return mask(at::relu(norm2(linear(at::relu(norm1(x))))));
}

DenseBlock::DenseBlock(const Weights& block, const Weights& transit, std::int64_t in,
                       std::int64_t count, const XVectorConfig& config, std::int64_t dilation)
    : channels(in + count * config.growth),
      norm(transit.scope("nonlinear.batchnorm"), channels),
      halve(transit.scope("linear"), channels, channels / 2, 1, no_bias()) {
  for (std::int64_t i = 0; i < count; ++i)
    layers.emplace_back(block.scope("tdnnd" + std::to_string(i + 1)), in + i * config.growth,
                        config, dilation);
}

at::Tensor DenseBlock::operator()(const at::Tensor& input) const {
  at::Tensor x = input;
  for (const DenseLayer& layer : layers) x = at::cat({x, layer(x)}, 1);
  return halve(at::relu(norm(x)));
}

}  // namespace chatterbox::xvector
