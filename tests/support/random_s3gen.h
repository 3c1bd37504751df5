// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "conditionals.h"
#include "config.h"
#include "nn/noise.h"
#include "nn/weights.h"

namespace chatterbox::test {

// A file of named tensors that never was on a disk.
class TensorMap : public TensorFile {
 public:
  const std::string& path() const override { return path_; }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_) names.push_back(name);
    return names;
  }
  bool has(const std::string& name) const override { return tensors_.count(name) > 0; }
  at::Tensor tensor(const std::string& name) const override { return tensors_.at(name); }
  void release(const std::string&) const override {}
  void release_all() const override {}

  void set(const std::string& name, const at::Tensor& tensor) { tensors_[name] = tensor; }

 private:
  std::string path_ = "random weights";
  std::map<std::string, at::Tensor> tensors_;
};

// S3Gen's flow and HiFT with random weights under the published names.
class RandomS3Gen : public TensorMap {
 public:
  explicit RandomS3Gen(const ModelConfig& config) {
    encoder(config);
    estimator(config.s3gen);
    vocoder(config.hift);
  }

 private:
  // Standard normal numbers, different for every tensor.
  at::Tensor draw(at::IntArrayRef shape) {
    const std::int64_t count = c10::multiply_integers(shape);
    drawn_ += count;
    return Noise(11, NoiseStream::kFlow).normal(drawn_ - count, count).view(shape);
  }
  void matrix(const std::string& name, std::vector<std::int64_t> shape) {
    std::int64_t fan_in = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
    set(name, draw(shape) / std::sqrt(double(fan_in)));
  }
  void bias(const std::string& name, std::int64_t size) { set(name, draw({size}) * 0.1); }
  void layer(const std::string& name, std::vector<std::int64_t> shape) {
    matrix(name + ".weight", shape);
    bias(name + ".bias", shape[0]);
  }
  void norm(const std::string& name, std::int64_t size) {
    set(name + ".weight", 1 + draw({size}) * 0.1);
    bias(name + ".bias", size);
  }
  void normed_conv(const std::string& name, std::int64_t out, std::vector<std::int64_t> shape) {
    matrix(name + ".parametrizations.weight.original1", shape);
    set(name + ".parametrizations.weight.original0",
        at::full({shape[0], 1, 1}, 0.8) + draw({shape[0], 1, 1}) * 0.05);
    bias(name + ".bias", out);
  }

  void conformer_layer(const std::string& name, const TokenEncoderConfig& config) {
    const std::int64_t size = config.size;
    for (const char* part : {"linear_q", "linear_k", "linear_v", "linear_out"})
      layer(name + ".self_attn." + part, {size, size});
    matrix(name + ".self_attn.linear_pos.weight", {size, size});
    for (const char* part : {"pos_bias_u", "pos_bias_v"})
      set(name + ".self_attn." + part, draw({config.heads, size / config.heads}) * 0.3);
    layer(name + ".feed_forward.w_1", {config.ffn, size});
    layer(name + ".feed_forward.w_2", {size, config.ffn});
    norm(name + ".norm_ff", size);
    norm(name + ".norm_mha", size);
  }

  void encoder(const ModelConfig& config) {
    const TokenEncoderConfig& sizes = config.s3gen.encoder;
    const std::int64_t size = sizes.size;
    set("flow.input_embedding.weight", draw({config.s3tokenizer.codebook_size(), size}));
    layer("flow.spk_embed_affine_layer", {80, config.xvector.embedding});
    layer("flow.encoder_proj", {80, size});
    const std::string encoder = "flow.encoder.";
    for (const char* part : {"embed", "up_embed"}) {
      layer(encoder + part + ".out.0", {size, size});
      norm(encoder + part + ".out.1", size);
    }
    layer(encoder + "pre_lookahead_layer.conv1", {size, size, 4});
    layer(encoder + "pre_lookahead_layer.conv2", {size, size, 3});
    layer(encoder + "up_layer.conv", {size, size, 5});
    norm(encoder + "after_norm", size);
    for (int i = 0; i < sizes.blocks; ++i)
      conformer_layer(encoder + "encoders." + std::to_string(i), sizes);
    for (int i = 0; i < sizes.up_blocks; ++i)
      conformer_layer(encoder + "up_encoders." + std::to_string(i), sizes);
  }

  void stage(const std::string& name, std::int64_t in, const EstimatorConfig& config) {
    const std::int64_t size = config.channels, inner = config.heads * config.head_dim;
    layer(name + ".0.mlp.1", {size, 4 * size});
    layer(name + ".0.block1.block.0", {size, in, 3});
    norm(name + ".0.block1.block.2", size);
    layer(name + ".0.block2.block.0", {size, size, 3});
    norm(name + ".0.block2.block.2", size);
    layer(name + ".0.res_conv", {size, in, 1});
    for (int i = 0; i < config.blocks; ++i) {
      const std::string block = name + ".1." + std::to_string(i);
      norm(block + ".norm1", size);
      for (const char* part : {"to_q", "to_k", "to_v"})
        matrix(block + ".attn1." + part + ".weight", {inner, size});
      layer(block + ".attn1.to_out.0", {size, inner});
      norm(block + ".norm3", size);
      layer(block + ".ff.net.0.proj", {4 * size, size});
      layer(block + ".ff.net.2", {size, 4 * size});
    }
  }

  void estimator(const S3GenConfig& s3gen) {
    const EstimatorConfig& config = s3gen.estimator;
    const std::int64_t size = config.channels;
    const std::string base = "flow.decoder.estimator.";
    layer(base + "time_mlp.linear_1", {4 * size, 320});
    layer(base + "time_mlp.linear_2", {4 * size, 4 * size});
    if (s3gen.flow.kind == FlowKind::kMeanFlow)
      matrix(base + "time_embed_mixer.weight", {4 * size, 8 * size});
    stage(base + "down_blocks.0", 320, config);
    layer(base + "down_blocks.0.2", {size, size, 3});
    for (int i = 0; i < config.mid_blocks; ++i)
      stage(base + "mid_blocks." + std::to_string(i), size, config);
    stage(base + "up_blocks.0", 2 * size, config);
    layer(base + "up_blocks.0.2", {size, size, 3});
    layer(base + "final_block.block.0", {size, size, 3});
    norm(base + "final_block.block.2", size);
    layer(base + "final_proj", {80, size, 1});
  }

  void res_block(const std::string& name, std::int64_t size, std::int64_t kernel) {
    for (int i = 0; i < 3; ++i) {
      const std::string n = "." + std::to_string(i);
      for (const char* part : {".convs1", ".convs2"})
        normed_conv(name + part + n, size, {size, size, kernel});
      for (const char* part : {".activations1", ".activations2"})
        set(name + part + n + ".alpha", 1 + draw({size}) * 0.1);
    }
  }

  void vocoder(const HiftConfig& config) {
    const std::string base = "mel2wav.";
    layer(base + "m_source.l_linear", {1, config.harmonics + 1});
    normed_conv(base + "conv_pre", config.channels, {config.channels, 80, 7});
    const std::int64_t up[] = {16, 11, 7}, down[] = {30, 6, 1}, source[] = {7, 7, 11};
    const std::int64_t kernels[] = {3, 7, 11};
    for (int i = 0; i < 3; ++i) {
      const std::int64_t size = config.channels >> (i + 1);
      const std::string n = std::to_string(i);
      normed_conv(base + "ups." + n, size, {2 * size, size, up[i]});
      layer(base + "source_downs." + n, {size, 18, down[i]});
      res_block(base + "source_resblocks." + n, size, source[i]);
      for (int j = 0; j < 3; ++j)
        res_block(base + "resblocks." + std::to_string(3 * i + j), size, kernels[j]);
    }
    normed_conv(base + "conv_post", 18, {18, config.channels >> 3, 7});
    for (int i = 0; i < 5; ++i)
      normed_conv(base + "f0_predictor.condnet." + std::to_string(2 * i), config.f0_channels,
                  {config.f0_channels, i == 0 ? 80 : config.f0_channels, 3});
    // Pitch around 150 Hz, so that sines are heard.
    matrix(base + "f0_predictor.classifier.weight", {1, config.f0_channels});
    set(base + "f0_predictor.classifier.weight",
        tensor(base + "f0_predictor.classifier.weight") * 30);
    set(base + "f0_predictor.classifier.bias", at::full({1}, 150.0));
  }

  std::int64_t drawn_ = 0;
};

// What decoders differ in: every kind of attention goes with every kind of flow.
using Kinds = std::tuple<FlowAttention, FlowKind>;

inline std::string name_of(const Kinds& kinds) {
  return std::string(std::get<FlowAttention>(kinds) == FlowAttention::kChunk ? "Chunk" : "Full") +
         (std::get<FlowKind>(kinds) == FlowKind::kGuided ? "Guided" : "Mean");
}

// Sizes that have every kind of layer and are computed in no time.
inline ModelConfig tiny_config(FlowAttention attention, FlowKind kind = FlowKind::kGuided) {
  ModelConfig config;
  config.s3tokenizer.codebook_dims = 4;
  config.xvector.embedding = 8;
  config.s3gen.encoder = {.size = 16, .heads = 2, .ffn = 32, .blocks = 2, .up_blocks = 1};
  config.s3gen.estimator = {
      .channels = 16, .heads = 2, .head_dim = 8, .blocks = 1, .mid_blocks = 1};
  config.s3gen.flow.steps = 2;
  config.s3gen.flow.kind = kind;
  if (kind == FlowKind::kMeanFlow) config.s3gen.flow.guidance = 0;
  config.s3gen.attention = attention;
  config.hift = {.channels = 16, .f0_channels = 16, .harmonics = 8};
  return config;
}

inline ModelConfig tiny_config(const Kinds& kinds) {
  return tiny_config(std::get<FlowAttention>(kinds), std::get<FlowKind>(kinds));
}

// A speaker with `tokens` of prompt and `extra` mel frames beyond their two each.
inline std::shared_ptr<Conditionals> random_conditionals(const ModelConfig& config,
                                                         std::int64_t tokens,
                                                         std::int64_t extra = 0) {
  const Noise noise(3, NoiseStream::kFlow);
  auto speaker = std::make_shared<Conditionals>();
  speaker->prompt_tokens = (at::arange(tokens, at::kLong) * 7)
                               .remainder(config.s3tokenizer.codebook_size())
                               .view({1, -1});
  const std::int64_t frames = 2 * tokens + extra;
  speaker->prompt_mel = noise.normal(0, frames * 80).view({1, frames, 80});
  speaker->xvector = noise.normal(1 << 20, config.xvector.embedding).view({1, -1});
  return speaker;
}

inline std::vector<std::int64_t> random_tokens(const ModelConfig& config, std::int64_t count) {
  std::vector<std::int64_t> tokens;
  for (std::int64_t i = 0; i < count; ++i)
    tokens.push_back((i * 31 + i * i * 5 + 3) % config.s3tokenizer.codebook_size());
  return tokens;
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace chatterbox::test
