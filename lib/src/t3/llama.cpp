// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/llama.h"

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

Weights for_norms(const Weights& weights) {
  return weights.placement().device.is_cpu() ? weights.with_dtype(at::kFloat) : weights;
}

std::int64_t inner(const T3Config& config) { return std::int64_t(config.heads) * config.head_dim; }

std::vector<LlamaLayer> make_layers(const Weights& weights, const T3Config& config) {
  std::vector<LlamaLayer> layers;
  layers.reserve(std::size_t(config.layers));
  for (int i = 0; i < config.layers; ++i)
    layers.emplace_back(weights.scope(std::to_string(i)), config);
  return layers;
}

}  // namespace

LlamaLayer::LlamaLayer(const Weights& weights, const T3Config& config)
    : input_norm(for_norms(weights.scope("input_layernorm")), config.hidden, config.norm_eps),
      q(Linear::hot(weights.scope("self_attn.q_proj"), config.hidden, inner(config))),
      k(Linear::hot(weights.scope("self_attn.k_proj"), config.hidden, inner(config))),
      v(Linear::hot(weights.scope("self_attn.v_proj"), config.hidden, inner(config))),
      o(Linear::hot(weights.scope("self_attn.o_proj"), inner(config), config.hidden)),
      mlp_norm(for_norms(weights.scope("post_attention_layernorm")), config.hidden, config.norm_eps),
      gate(Linear::hot(weights.scope("mlp.gate_proj"), config.hidden, config.intermediate)),
      up(Linear::hot(weights.scope("mlp.up_proj"), config.hidden, config.intermediate)),
      down(Linear::hot(weights.scope("mlp.down_proj"), config.intermediate, config.hidden)) {}

Llama::Llama(const Weights& weights, const T3Config& config)
    : config_(config),
      layers_(make_layers(weights.scope("layers"), config)),
      norm_(for_norms(weights.scope("norm")), config.hidden, config.norm_eps) {
  // The library upstream builds on stores a word table that is never read.
  if (weights.has("embed_tokens.weight")) weights.skip("embed_tokens.weight");
}

at::Tensor project(const Linear& linear, const at::Tensor& x) {
  return at::linear(x, linear.weight.to(x.scalar_type()));
}

at::Tensor Llama::prefill(const at::Tensor& embeddings, KvCache& cache,
                          const RotaryTable& rotary) const {
  const std::int64_t rows = embeddings.size(0), count = embeddings.size(1);
  const std::int64_t first = cache.length, filled = first + count;
  if (filled > cache.capacity)
    throw Error(ErrorCode::kModelFailure, "T3: expected at most " + std::to_string(cache.capacity) +
                                              " positions, got " + std::to_string(filled));
  const auto heads = [&](const at::Tensor& x) {  // (rows, T, H * D) -> (rows, H, T, D)
    return x.view({rows, count, config_.heads, config_.head_dim}).transpose(1, 2);
  };
  at::Tensor x = embeddings;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const LlamaLayer& layer = layers_[i];
    const at::Tensor normed = layer.input_norm(x);
    const at::Tensor q = rotary.rotate(heads(project(layer.q, normed)), first);
    const at::Tensor keys = cache.k[std::int64_t(i)], values = cache.v[std::int64_t(i)];
    keys.narrow(2, first, count).copy_(rotary.rotate(heads(project(layer.k, normed)), first));
    values.narrow(2, first, count).copy_(heads(project(layer.v, normed)));
    const at::Tensor mixed =
        causal_attention(q, keys.narrow(2, 0, filled), values.narrow(2, 0, filled));
    x = x + project(layer.o, mixed.transpose(1, 2).reshape({rows, count, -1}));

    const at::Tensor inner = layer.mlp_norm(x);
    x = x +
        project(layer.down, at::silu(project(layer.gate, inner)).mul_(project(layer.up, inner)));
  }
  cache.length = filled;
  return x;
}

}  // namespace chatterbox
