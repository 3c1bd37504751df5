// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/xvector.h"

#include <string>

namespace chatterbox {
namespace {

// The first block looks at neighbouring frames, later ones at every second.
std::int64_t dilation_of(std::size_t block) { return block == 0 ? 1 : 2; }

ConvOptions halving_tdnn() {
  ConvOptions options;
  options.stride = 2;
  options.padding = 2;
  options.bias = Bias::kNone;
  return options;
}

ConvOptions no_bias() {
  ConvOptions options;
  options.bias = Bias::kNone;
  return options;
}

std::int64_t channels_after(const XVectorConfig& config, std::size_t blocks) {
  std::int64_t channels = config.channels;
  for (std::size_t i = 0; i < blocks; ++i)
    channels = (channels + config.layers[i] * config.growth) / 2;
  return channels;
}

std::vector<xvector::DenseBlock> take_blocks(const Weights& weights, const XVectorConfig& config) {
  std::vector<xvector::DenseBlock> blocks;
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    blocks.emplace_back(weights.scope("block" + number), weights.scope("transit" + number),
                        channels_after(config, i), config.layers[i], config, dilation_of(i));
  }
  return blocks;
}

// Mean and standard deviation over time, (B, C, T) -> (B, 2C, 1).
at::Tensor statistics(const at::Tensor& x) {
  return at::cat({x.mean(-1), x.std(-1, /*unbiased=*/true)}, -1).unsqueeze(-1);
}

Weights layers_of(const Weights& weights) {
  return weights.with_dtype(at::kFloat).scope("xvector");
}

}  // namespace

XVector::XVector(const Weights& weights, const XVectorConfig& config)
    : fbank_(config.features),
      head_(weights.with_dtype(at::kFloat).scope("head"), config.head_channels),
      tdnn_(layers_of(weights).scope("tdnn.linear"), config.head_channels * (config.features / 8),
            config.channels, 5, halving_tdnn()),
      tdnn_norm_(layers_of(weights).scope("tdnn.nonlinear.batchnorm"), config.channels),
      blocks_(take_blocks(layers_of(weights), config)),
      out_norm_(layers_of(weights).scope("out_nonlinear.batchnorm"),
                channels_after(config, config.layers.size())),
      dense_(layers_of(weights).scope("dense.linear"),
             2 * channels_after(config, config.layers.size()), config.embedding, 1, no_bias()),
      dense_norm_(layers_of(weights).scope("dense.nonlinear.batchnorm"), config.embedding,
                  BatchNorm::Affine::kNo) {}

at::Tensor XVector::features(const at::Tensor& wav16k) const {
  const at::Tensor frames = fbank_(wav16k);
  return frames - frames.mean(0, /*keepdim=*/true);
}

at::Tensor XVector::embed(const at::Tensor& wav16k) const {
  // (1, features, frames)
  const at::Tensor input =
      features(wav16k).transpose(0, 1).unsqueeze(0).contiguous().to(tdnn_.weight.device());
  at::Tensor x = at::relu(tdnn_norm_(tdnn_(head_(input))));  // (1, channels, frames / 2)
  for (const xvector::DenseBlock& block : blocks_) x = block(x);
  x = at::relu(out_norm_(x));
  return dense_norm_(dense_(statistics(x))).squeeze(-1).to(at::kCPU);
}

}  // namespace chatterbox
