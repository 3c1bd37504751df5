// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/estimator_layers.h"

#include <cmath>

#include "s3gen/dot_attention.h"

namespace chatterbox {
namespace {

template <typename T>
T* next(std::vector<T>& slots, std::size_t& index) {
  if (index == slots.size()) slots.emplace_back();
  return &slots[index++];
}

}  // namespace

at::Tensor* EstimatorCache::next_context() { return next(contexts_, next_context_); }
KeyValueCache* EstimatorCache::next_memory() { return next(memories_, next_memory_); }

void EstimatorCache::seal() {
  for (KeyValueCache& memory : memories_) memory.seal();
}

void EstimatorCache::keep(std::int64_t first, std::int64_t last) {
  for (KeyValueCache& memory : memories_) memory.keep(first, last);
}

std::int64_t EstimatorCache::bytes() const {
  std::int64_t sum = 0;
  for (const at::Tensor& context : contexts_) sum += std::int64_t(context.nbytes());
  for (const KeyValueCache& memory : memories_) sum += memory.bytes();
  return sum;
}

CausalBlock::CausalBlock(const Weights& weights, std::int64_t in, std::int64_t out)
    : conv(weights.scope("block.0"), in, out, 3), norm(weights.scope("block.2"), out) {}

at::Tensor CausalBlock::activate(const at::Tensor& x) const { return at::mish(norm(x)); }

at::Tensor CausalBlock::operator()(const at::Tensor& x, EstimatorCache* cache) const {
  return activate(conv(x, cache ? cache->next_context() : nullptr));
}

ResnetBlock::ResnetBlock(const Weights& weights, std::int64_t in, std::int64_t out,
                         std::int64_t time_dim)
    : time_linear(weights.scope("mlp.1"), time_dim, out),
      block1(weights.scope("block1"), in, out),
      block2(weights.scope("block2"), out, out),
      shortcut(weights.scope("res_conv"), in, out, 1) {}

at::Tensor ResnetBlock::operator()(const at::Tensor& x, const at::Tensor& time,
                                   EstimatorCache* cache) const {
  const at::Tensor h = block1(x, cache).add_(time);
  return block2(h, cache).add_(shortcut(x));
}

TransformerBlock::TransformerBlock(const Weights& weights, const EstimatorConfig& config,
                                   at::ScalarType products)
    : heads_(config.heads),
      dim_(config.head_dim),
      products_(products),
      norm_attention_(weights.scope("norm1"), config.channels),
      out_(weights.scope("attn1.to_out.0"), heads_ * dim_, config.channels),
      norm_feed_forward_(weights.scope("norm3"), config.channels),
      expand_(weights.scope("ff.net.0.proj"), config.channels, 4 * config.channels),
      contract_(weights.scope("ff.net.2"), 4 * config.channels, config.channels) {
  const std::int64_t inner = heads_ * dim_;
  const Weights attention = weights.scope("attn1");
  qkv_weight_ =
      at::cat({attention.take("to_q.weight", {inner, config.channels}) / std::sqrt(double(dim_)),
               attention.take("to_k.weight", {inner, config.channels}),
               attention.take("to_v.weight", {inner, config.channels})})
          .to(products);
  for (Linear* linear : {&out_, &expand_, &contract_}) {
    linear->weight = linear->weight.to(products);
    linear->bias = linear->bias.to(products);
  }
}

at::Tensor TransformerBlock::attend(const at::Tensor& x, const at::Tensor& bias,
                                    EstimatorCache* cache) const {
  const std::int64_t rows = x.size(0), frames = x.size(1);
  const at::Tensor qkv = at::linear(x.to(products_), qkv_weight_)
                             .to(at::kFloat)
                             .view({rows, frames, 3, heads_, dim_})
                             .permute({2, 0, 3, 1, 4});
  at::Tensor keys = qkv[1], values = qkv[2];  // (rows, heads, frames, d)
  if (cache) {
    KeyValueCache* memory = cache->next_memory();
    keys = memory->keys.append(keys);
    values = memory->values.append(values);
  }
  return dot_attention(qkv[0], keys, values, bias);
}

at::Tensor TransformerBlock::operator()(const at::Tensor& x, const at::Tensor& bias,
                                        EstimatorCache* cache) const {
  const auto linear = [&](const Linear& layer, const at::Tensor& input) {
    return layer(input.to(products_));
  };
  const at::Tensor y = linear(out_, attend(norm_attention_(x), bias, cache)).to(at::kFloat).add_(x);
  const at::Tensor wide = at::gelu(linear(expand_, norm_feed_forward_(y)));
  return linear(contract_, wide).to(at::kFloat).add_(y);
}

}  // namespace chatterbox
