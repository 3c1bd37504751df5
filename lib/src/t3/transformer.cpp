// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/transformer.h"

#include <string>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

TransformerLayer llama_layer(const Weights& weights, const T3Config& config) {
  const std::int64_t hidden = config.hidden, wide = config.intermediate;
  const std::int64_t inner = std::int64_t(config.heads) * config.head_dim;
  const Weights attention = weights.scope("self_attn"), mlp = weights.scope("mlp");
  return {.input_norm = Norm(weights.scope("input_layernorm"), config),
          .q = Linear::hot(attention.scope("q_proj"), hidden, inner),
          .k = Linear::hot(attention.scope("k_proj"), hidden, inner),
          .v = Linear::hot(attention.scope("v_proj"), hidden, inner),
          .o = Linear::hot(attention.scope("o_proj"), inner, hidden),
          .mlp_norm = Norm(weights.scope("post_attention_layernorm"), config),
          .gate = Linear::hot(mlp.scope("gate_proj"), hidden, wide),
          .up = Linear::hot(mlp.scope("up_proj"), hidden, wide),
          .down = Linear::hot(mlp.scope("down_proj"), wide, hidden)};
}

TransformerLayer gpt2_layer(const Weights& weights, const T3Config& config) {
  const std::int64_t hidden = config.hidden, wide = config.intermediate;
  const std::int64_t inner = std::int64_t(config.heads) * config.head_dim;
  const Weights attention = weights.scope("attn"), mlp = weights.scope("mlp");
  const Linear qkv = Linear::hot_conv1d(attention.scope("c_attn"), hidden, 3 * inner);
  return {.input_norm = Norm(weights.scope("ln_1"), config),
          .q = qkv.rows(0, inner),
          .k = qkv.rows(inner, inner),
          .v = qkv.rows(2 * inner, inner),
          .o = Linear::hot_conv1d(attention.scope("c_proj"), inner, hidden),
          .mlp_norm = Norm(weights.scope("ln_2"), config),
          .gate = std::nullopt,
          .up = Linear::hot_conv1d(mlp.scope("c_fc"), hidden, wide),
          .down = Linear::hot_conv1d(mlp.scope("c_proj"), wide, hidden)};
}

std::vector<TransformerLayer> make_layers(const Weights& weights, const T3Config& config) {
  const bool llama = config.backbone == Backbone::kLlama;
  const Weights scope = weights.scope(llama ? "layers" : "h");
  std::vector<TransformerLayer> layers;
  layers.reserve(std::size_t(config.layers));
  for (int i = 0; i < config.layers; ++i)
    layers.push_back((llama ? llama_layer : gpt2_layer)(scope.scope(std::to_string(i)), config));
  return layers;
}

}  // namespace

Norm::Norm(const Weights& weights, const T3Config& config)
    : weight(weights.of_sums().take("weight", {config.hidden})),
      bias(config.backbone == Backbone::kGpt2 ? weights.of_sums().take("bias", {config.hidden})
                                              : at::Tensor()),
      eps(config.norm_eps) {}

at::Tensor Norm::operator()(const at::Tensor& x) const {
  if (bias.defined()) return at::layer_norm(x, weight.sizes(), weight, bias, eps);
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scale = wide.square().mean(-1, /*keepdim=*/true).add_(eps).rsqrt_();
  return weight * (wide * scale).to(x.scalar_type());
}

Transformer::Transformer(const Weights& weights, const T3Config& config)
    : config_(config),
      layers_(make_layers(weights, config)),
      norm_(weights.scope(config.backbone == Backbone::kLlama ? "norm" : "ln_f"), config) {
  // The libraries upstream builds on store a word table that is never read.
  for (const char* name : {"embed_tokens.weight", "wte.weight"})
    if (weights.has(name)) weights.skip(name);
}

Transformer Transformer::in_int8() const {
  Transformer other = *this;
  for (TransformerLayer& layer : other.layers_) {
    for (Linear* each : {&layer.q, &layer.k, &layer.v, &layer.o, &layer.up, &layer.down})
      *each = each->in_int8();
    if (layer.gate) layer.gate = layer.gate->in_int8();
  }
  return other;
}

KvCache Transformer::make_cache(std::int64_t rows, std::int64_t capacity,
                                at::ScalarType type) const {
  return KvCache(config_.layers, rows, config_.heads, capacity, config_.head_dim,
                 at::TensorOptions().dtype(type).device(layers_.front().q.weight.device()));
}

KvCache Transformer::make_cache(std::int64_t rows, std::int64_t capacity) const {
  const at::Tensor& like = layers_.front().q.weight;
  return make_cache(rows, capacity, like.is_cpu() ? at::kFloat : like.scalar_type());
}

KvCache Transformer::make_raw_cache(std::int64_t rows, std::int64_t capacity) const {
  const at::ScalarType type = layers_.front().q.weight.scalar_type();
  const bool coarse = type == at::kBFloat16 || type == at::kChar;
  return make_cache(rows, capacity, coarse ? at::kBFloat16 : at::kFloat);
}

void Transformer::check_room(const KvCache& cache, std::int64_t count) const {
  if (const std::int64_t filled = cache.length + count; filled > cache.capacity)
    throw Error(ErrorCode::kModelFailure, "T3: expected at most " + std::to_string(cache.capacity) +
                                              " positions, got " + std::to_string(filled));
}

std::optional<RotaryTable> Transformer::make_rotary(std::int64_t positions) const {
  if (config_.backbone != Backbone::kLlama) return std::nullopt;
  return RotaryTable(positions, config_.head_dim, config_.rope_theta, config_.rope_scaling)
      .to(layers_.front().q.weight.device());
}

at::Tensor project(const Linear& linear, const at::Tensor& x) {
  at::Tensor weight = linear.weight.to(x.scalar_type());
  if (linear.scale.defined()) weight = weight.mul_(linear.scale.unsqueeze(1));
  return linear.bias.defined() ? at::linear(x, weight, linear.bias) : at::linear(x, weight);
}

at::Tensor feed_forward(const TransformerLayer& layer, const at::Tensor& normed) {
  const at::Tensor up = project(layer.up, normed);
  return project(layer.down, layer.gate ? at::silu(project(*layer.gate, normed)).mul_(up)
                                        : at::gelu(up, "tanh"));
}

at::Tensor Transformer::prefill(const at::Tensor& embeddings, KvCache& cache) const {
  const std::int64_t rows = embeddings.size(0), count = embeddings.size(1);
  const std::int64_t first = cache.length, filled = first + count;
  check_room(cache, count);
  const std::optional<RotaryTable> rotary = make_rotary(filled);
  const auto heads = [&](const at::Tensor& x) {  // (rows, T, H * D) -> (rows, H, T, D)
    return x.view({rows, count, config_.heads, config_.head_dim}).transpose(1, 2);
  };
  const auto placed = [&](const at::Tensor& x) {
    return rotary ? rotary->rotate(heads(x), first) : heads(x);
  };
  at::Tensor x = embeddings.to(cache.k.device(), cache.k.scalar_type());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const TransformerLayer& layer = layers_[i];
    const at::Tensor normed = layer.input_norm(x);
    const at::Tensor q = placed(project(layer.q, normed));
    const at::Tensor keys = cache.k[std::int64_t(i)], values = cache.v[std::int64_t(i)];
    keys.narrow(2, first, count).copy_(placed(project(layer.k, normed)));
    values.narrow(2, first, count).copy_(heads(project(layer.v, normed)));
    const at::Tensor mixed =
        causal_attention(q, keys.narrow(2, 0, filled), values.narrow(2, 0, filled));
    x = x + project(layer.o, mixed.transpose(1, 2).reshape({rows, count, -1}));
    x = x + feed_forward(layer, layer.mlp_norm(x));
  }
  cache.length = filled;
  return x;
}

}  // namespace chatterbox
