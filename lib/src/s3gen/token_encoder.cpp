// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/token_encoder.h"

#include <cmath>
#include <limits>
#include <utility>

namespace chatterbox {
namespace {

constexpr double kBlockNormEps = 1e-12;

// Repeating every token twice and then convolving with five taps is three taps
// on the tokens themselves, once for the first and once for the second frame.
CausalConv fold_upsampling(const Weights& weights, std::int64_t size) {
  const at::Tensor w = weights.take("weight", {size, size, 5});
  const at::Tensor bias = weights.take("bias", {size});
  const auto tap = [&](std::int64_t i) { return w.select(2, i); };
  const at::Tensor first = at::stack({tap(0) + tap(1), tap(2) + tap(3), tap(4)}, 2);
  const at::Tensor second = at::stack({tap(0), tap(1) + tap(2), tap(3) + tap(4)}, 2);
  return CausalConv(at::cat({first, second}), at::cat({bias, bias}));
}

}  // namespace

struct TokenEncoder::Embed {
  Embed(const Weights& weights, std::int64_t size, at::ScalarType products)
      : linear(Linear(weights.scope("out.0"), size, size), products),
        norm(weights.scope("out.1"), size) {
    // Conformers scale their input by sqrt(size); the norm does it for free.
    norm.weight = norm.weight * std::sqrt(double(size));
    norm.bias = norm.bias * std::sqrt(double(size));
  }
  at::Tensor operator()(const at::Tensor& x) const { return norm(linear(x)); }

  PackedLayer linear;
  LayerNorm norm;
};

struct TokenEncoder::Layer {
  Layer(const Weights& weights, const TokenEncoderConfig& config, at::ScalarType products)
      : norm_attention(weights.scope("norm_mha"), config.size, kBlockNormEps),
        attention(weights.scope("self_attn"), config.size, config.heads, products),
        norm_feed_forward(weights.scope("norm_ff"), config.size, kBlockNormEps),
        expand(Linear(weights.scope("feed_forward").scope("w_1"), config.size, config.ffn),
               products),
        contract(Linear(weights.scope("feed_forward").scope("w_2"), config.ffn, config.size),
                 products) {}

  // x (T, size) -> (T, size)
  at::Tensor operator()(const at::Tensor& x, KeyValueCache* cache, const at::Tensor& bias) const {
    const at::Tensor y = x + attention(norm_attention(x), cache, bias);
    return y + contract(at::silu(expand(norm_feed_forward(y))));
  }

  LayerNorm norm_attention;
  RelativeAttention attention;
  LayerNorm norm_feed_forward;
  PackedLayer expand, contract;
};

void TokenEncoder::Cache::seal() {
  for (KeyValueCache& layer : layers) layer.seal();
}

std::int64_t TokenEncoder::Cache::bytes() const {
  std::int64_t sum = 0;
  for (const KeyValueCache& layer : layers) sum += layer.bytes();
  return sum;
}

void TokenEncoder::keep(Cache& cache, std::int64_t first, std::int64_t last) const {
  for (std::size_t i = 0; i < cache.layers.size(); ++i) {
    const std::int64_t rate = i < layers_.size() ? 1 : kFramesPerToken;
    cache.layers[i].keep(first * rate, last * rate);
  }
}

TokenEncoder::Convolution::Convolution(CausalConv conv, at::ScalarType products)
    : windows(std::move(conv)), layer(windows.weight, windows.bias, products) {
  windows.weight.reset();
}

at::Tensor TokenEncoder::Convolution::operator()(const at::Tensor& x, at::Tensor* context) const {
  return layer(windows.windows(x.unsqueeze(0), context));
}

TokenEncoder::TokenEncoder(const Weights& weights, const TokenEncoderConfig& config,
                           at::ScalarType products)
    : size_(config.size),
      embed_(std::make_unique<Embed>(weights.scope("embed"), config.size, products)),
      up_embed_(std::make_unique<Embed>(weights.scope("up_embed"), config.size, products)),
      ahead_conv_(CausalConv(weights.scope("pre_lookahead_layer.conv1"), config.size, config.size,
                             kLookaheadTokens + 1),
                  products),
      behind_conv_(
          CausalConv(weights.scope("pre_lookahead_layer.conv2"), config.size, config.size, 3),
          products),
      up_conv_(fold_upsampling(weights.scope("up_layer.conv"), config.size), products),
      after_norm_(weights.scope("after_norm"), config.size) {
  for (int i = 0; i < config.blocks; ++i)
    layers_.push_back(std::make_unique<Layer>(weights.scope("encoders").scope(std::to_string(i)),
                                              config, products));
  for (int i = 0; i < config.up_blocks; ++i)
    up_layers_.push_back(std::make_unique<Layer>(
        weights.scope("up_encoders").scope(std::to_string(i)), config, products));
}

TokenEncoder::~TokenEncoder() = default;

at::Tensor TokenEncoder::look_ahead(const at::Tensor& x, std::int64_t ahead, Cache* cache) const {
  // Looking ahead is causal once the output is read three tokens later.
  const std::int64_t tokens = x.size(0) - ahead;
  const at::Tensor padded = at::constant_pad_nd(x, {0, 0, 0, kLookaheadTokens - ahead});
  at::Tensor first = padded.narrow(0, 0, kLookaheadTokens).unsqueeze(0);
  at::Tensor y = ahead_conv_(padded.narrow(0, kLookaheadTokens, tokens), &first);
  y = behind_conv_(at::leaky_relu(y), cache ? &cache->lookahead : nullptr);
  return y.add_(x.narrow(0, 0, tokens));
}

at::Tensor TokenEncoder::upsample(const at::Tensor& x, Cache* cache) const {
  return up_conv_(x, cache ? &cache->upsampling : nullptr)
      .view({x.size(0) * kFramesPerToken, size_});
}

at::Tensor TokenEncoder::operator()(const at::Tensor& tokens, std::int64_t ahead, Cache* cache,
                                    const std::vector<std::int64_t>& groups) const {
  if (cache && cache->layers.empty()) cache->layers.resize(layers_.size() + up_layers_.size());
  KeyValueCache* memory = cache ? cache->layers.data() : nullptr;

  at::Tensor x = look_ahead((*embed_)(tokens), ahead, cache);
  const at::Tensor bias = group_bias(groups, 1, x.options());
  for (const auto& layer : layers_) x = (*layer)(x, memory ? memory++ : nullptr, bias);

  x = (*up_embed_)(upsample(x, cache));
  const at::Tensor up_bias = group_bias(groups, kFramesPerToken, x.options());
  for (const auto& layer : up_layers_) x = (*layer)(x, memory ? memory++ : nullptr, up_bias);
  return after_norm_(x);
}

at::Tensor group_bias(const std::vector<std::int64_t>& group_ends, std::int64_t frames_per_token,
                      const at::TensorOptions& options) {
  if (group_ends.size() < 2) return {};
  const std::int64_t frames = group_ends.back() * frames_per_token;
  at::Tensor bias = at::zeros({frames, frames}, options);
  std::int64_t start = 0;
  for (const std::int64_t end : group_ends) {
    const std::int64_t first = start * frames_per_token, last = end * frames_per_token;
    bias.narrow(0, first, last - first)
        .narrow(1, last, frames - last)
        .fill_(-std::numeric_limits<float>::infinity());
    start = end;
  }
  return bias;
}

}  // namespace chatterbox
