// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "config.h"
#include "nn/layers.h"
#include "nn/weights.h"

// The parts of CAM++, in the order of the data.
namespace chatterbox::xvector {

// Residual block of two convolutions. (B, C, H, T) -> (B, C, H / stride, T)
struct ResidualBlock {
  ResidualBlock(const Weights& weights, std::int64_t channels, std::int64_t stride);
  at::Tensor operator()(const at::Tensor& x) const;

  Conv2d conv1;
  BatchNorm norm1;
  Conv2d conv2;
  BatchNorm norm2;
  // Projection of the input where the height changes.
  std::optional<Conv2d> shortcut;
  std::optional<BatchNorm> shortcut_norm;
};

// Reads the filterbank as an image and folds its height, an eighth of the
// features, into channels. (B, features, T) -> (B, channels * features / 8, T)
struct Head {
  Head(const Weights& weights, std::int64_t channels);
  at::Tensor operator()(const at::Tensor& features) const;

  Conv2d conv1;
  BatchNorm norm1;
  std::vector<ResidualBlock> blocks;
  Conv2d conv2;
  BatchNorm norm2;
};

// A convolution over time, weighed by a mask that sees the mean of the whole
// recording and of its own second. (B, in, T) -> (B, out, T)
struct ContextMask {
  ContextMask(const Weights& weights, std::int64_t in, std::int64_t out, std::int64_t dilation);
  at::Tensor operator()(const at::Tensor& x) const;

  Conv1d local;
  Conv1d squeeze, excite;
};

// (B, in, T) -> (B, growth, T)
struct DenseLayer {
  DenseLayer(const Weights& weights, std::int64_t in, const XVectorConfig& config,
             std::int64_t dilation);
  at::Tensor operator()(const at::Tensor& x) const;

  BatchNorm norm1;
  Conv1d linear;
  BatchNorm norm2;
  ContextMask mask;
};

// Each layer adds its channels to those before it; at the end their number is
// halved. (B, in, T) -> (B, (in + layers * growth) / 2, T)
struct DenseBlock {
  DenseBlock(const Weights& block, const Weights& transit, std::int64_t in, std::int64_t count,
             const XVectorConfig& config, std::int64_t dilation);
  at::Tensor operator()(const at::Tensor& x) const;

  std::int64_t channels;  // after the last layer
  std::vector<DenseLayer> layers;
  BatchNorm norm;
  Conv1d halve;
};

}  // namespace chatterbox::xvector
