// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3tokenizer/s3tokenizer.h"

#include <algorithm>
#include <string>

#include "nn/cpu_features.h"

namespace chatterbox {
namespace {

// The encoder sees 30 s at most; longer recordings are read in windows that
// share 4 s, and of these each neighbour keeps the half on its own side.
constexpr std::int64_t kWindowFrames = 3000;
constexpr std::int64_t kWindowStep = 2600;
constexpr std::int64_t kSharedTokens = 2 * 25;

// Keeps a saturated tanh inside the outer levels; the value upstream exported.
constexpr double kInsideLevels = 0.9990000128746033;

ConvOptions halving() {
  ConvOptions options;
  options.stride = 2;
  options.padding = 1;
  return options;
}

// Type of products while speech is heard as it comes.
at::ScalarType live_products(const Placement& placement) {
  const bool runs = placement.device.is_cpu() && has_fast_bfloat16();
  return runs && placement.dtype == at::kBFloat16 ? at::kBFloat16 : at::kFloat;
}

}  // namespace

S3Tokenizer::Block::Block(const Weights& weights, const S3TokenizerConfig& config)
    : attention(weights.scope("attn"), config.state, config.heads),
      attention_norm(weights.scope("attn_ln"), config.state, /*eps=*/1e-6),
      expand(Linear(weights.scope("mlp.0"), config.state, 4 * config.state), at::kFloat,
             PackWhen::kUsed),
      contract(Linear(weights.scope("mlp.2"), 4 * config.state, config.state), at::kFloat,
               PackWhen::kUsed),
      mlp_norm(weights.scope("mlp_ln"), config.state) {}

at::Tensor S3Tokenizer::Block::operator()(const at::Tensor& input, const Rotation& rotation,
                                          KeyValueCache* cache) const {
  const at::Tensor x = input + attention(attention_norm(input), rotation, cache);
  return x + contract(at::gelu(expand(mlp_norm(x))));
}

S3Tokenizer::Block S3Tokenizer::Block::with_products(at::ScalarType products) const {
  Block made = *this;
  made.attention = attention.with_products(products);
  made.expand = expand.with_products(products);
  made.contract = contract.with_products(products);
  return made;
}

S3Tokenizer::S3Tokenizer(const Weights& any, const S3TokenizerConfig& config)
    : config_(config),
      mel_(tokenizer_mel(config.mels)),
      conv1_(any.with_dtype(at::kFloat).scope("encoder.conv1"), config.mels, config.state, 3,
             halving()),
      conv2_(any.with_dtype(at::kFloat).scope("encoder.conv2"), config.state, config.state, 3,
             halving()),
      live_conv1_(conv1_, config.mels, live_products(any.placement()), PackWhen::kUsed),
      live_conv2_(conv2_, config.state, live_products(any.placement()), PackWhen::kUsed),
      project_down_(any.with_dtype(at::kFloat).scope("quantizer._codebook.project_down"),
                    config.state, config.codebook_dims) {
  const Weights weights = any.with_dtype(at::kFloat).scope("encoder.blocks");
  for (int i = 0; i < config.layers; ++i) {
    blocks_.emplace_back(weights.scope(std::to_string(i)), config);
    live_blocks_.push_back(blocks_.back().with_products(live_products(any.placement())));
  }
  // Mel filters and window, which are computed here.
  for (const char* name : {"_mel_filters", "window"})
    if (any.has(name)) any.skip(name);
}

// (mels, frames) -> (1, T, state), T about frames / 4
at::Tensor S3Tokenizer::convolve(const at::Tensor& mel) const {
  const at::Tensor input = mel.unsqueeze(0).to(conv1_.weight.device());
  return at::gelu(conv2_(at::gelu(conv1_(input)))).transpose(1, 2).contiguous();
}

at::Tensor S3Tokenizer::convolve_live(const at::Tensor& mel) const {
  const at::Tensor input = mel.t().to(conv1_.weight.device());
  return at::gelu(live_conv2_(at::gelu(live_conv1_(input)))).unsqueeze(0);
}

at::Tensor S3Tokenizer::encode(const at::Tensor& mel) const {
  at::Tensor x = convolve(mel);
  const Rotation rotation(x.size(1), config_.state / config_.heads, x.device());
  for (const Block& block : blocks_) x = block(x, rotation, nullptr);
  return x;
}

at::Tensor S3Tokenizer::next_tokens(const at::Tensor& mel, std::int64_t lead, std::int64_t ahead,
                                    std::int64_t context, Cache& cache) const {
  cache.resize(live_blocks_.size());
  at::Tensor x = convolve_live(mel).slice(1, lead);
  const Rotation rotation(cache.front().keys.length() + x.size(1), config_.state / config_.heads,
                          x.device());
  for (std::size_t i = 0; i < live_blocks_.size(); ++i) {
    x = live_blocks_[i](x, rotation, &cache[i]);
    cache[i].drop_last(ahead);
    if (cache[i].keys.length() > 2 * context) cache[i].keep(0, context);
  }
  return quantize(x);
}

// (1, T, state) -> (T) int64
at::Tensor S3Tokenizer::quantize(const at::Tensor& hidden) const {
  const at::Tensor levels = (at::tanh(project_down_(hidden)) * kInsideLevels).round() + 1;
  const at::Tensor digits = levels.squeeze(0).to(at::kCPU, at::kLong);  // (T, dims) of 0, 1, 2
  const at::Tensor places = at::pow(3, at::arange(config_.codebook_dims, at::kLong));
  return (digits * places).sum(1);
}

at::Tensor S3Tokenizer::tokenize(const at::Tensor& wav16k, std::optional<int> max_tokens) const {
  at::Tensor mel = features(wav16k);
  if (max_tokens) mel = mel.slice(1, 0, *max_tokens * kHeardFramesPerToken);
  const std::int64_t frames = mel.size(1);
  if (frames <= kWindowFrames) return quantize(encode(mel)).unsqueeze(0);

  std::vector<at::Tensor> pieces;
  for (std::int64_t start = 0; start < frames; start += kWindowStep) {
    const at::Tensor tokens = quantize(encode(mel.slice(1, start, start + kWindowFrames)));
    const std::int64_t skipped = start == 0 ? 0 : kSharedTokens;
    const bool last = start + kWindowStep >= frames;
    const std::int64_t end = tokens.size(0) - (last ? 0 : kSharedTokens);
    if (skipped < end) pieces.push_back(tokens.slice(0, skipped, end));
  }
  return at::cat(pieces).unsqueeze(0);
}

}  // namespace chatterbox
