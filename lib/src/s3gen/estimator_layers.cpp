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

// Input channels [first, first + count) of a convolution over all inputs.
CausalConv input_slice(const CausalConv& conv, std::int64_t first, std::int64_t count,
                       const at::Tensor& bias) {
  const at::Tensor weight = conv.weight.view({-1, conv.kernel, conv.in}).narrow(2, first, count);
  return CausalConv(weight.permute({0, 2, 1}), bias);
}

}  // namespace

at::Tensor* EstimatorCache::next_context() { return next(contexts_, next_context_); }
KeyValueCache* EstimatorCache::next_memory() { return next(memories_, next_memory_); }

void EstimatorCache::seal() {
  for (KeyValueCache& memory : memories_) memory.seal();
  plan.seal();
}

void EstimatorCache::keep(std::int64_t first, std::int64_t last) {
  for (KeyValueCache& memory : memories_) memory.keep(first, last);
  plan.keep(first, last);
}

std::int64_t EstimatorCache::bytes() const {
  std::int64_t sum = plan.bytes();
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
    : heads(config.heads),
      dim(config.head_dim),
      products(products),
      norm_attention(weights.scope("norm1"), config.channels),
      out(weights.scope("attn1.to_out.0"), heads * dim, config.channels),
      norm_feed_forward(weights.scope("norm3"), config.channels),
      expand(weights.scope("ff.net.0.proj"), config.channels, 4 * config.channels),
      contract(weights.scope("ff.net.2"), 4 * config.channels, config.channels) {
  const std::int64_t inner = heads * dim;
  const Weights attention = weights.scope("attn1");
  qkv_weight =
      at::cat({attention.take("to_q.weight", {inner, config.channels}) / std::sqrt(double(dim)),
               attention.take("to_k.weight", {inner, config.channels}),
               attention.take("to_v.weight", {inner, config.channels})})
          .to(products);
  for (Linear* linear : {&out, &expand, &contract}) {
    linear->weight = linear->weight.to(products);
    linear->bias = linear->bias.to(products);
  }
}

at::Tensor TransformerBlock::attend(const at::Tensor& x, const at::Tensor& bias,
                                    EstimatorCache* cache) const {
  const std::int64_t rows = x.size(0), frames = x.size(1);
  const at::Tensor qkv = at::linear(x.to(products), qkv_weight)
                             .to(at::kFloat)
                             .view({rows, frames, 3, heads, dim})
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
    return layer(input.to(products));
  };
  const at::Tensor y = linear(out, attend(norm_attention(x), bias, cache)).to(at::kFloat).add_(x);
  const at::Tensor wide = at::gelu(linear(expand, norm_feed_forward(y)));
  return linear(contract, wide).to(at::kFloat).add_(y);
}

EstimatorStage::EstimatorStage(const Weights& weights, std::int64_t in,
                               const EstimatorConfig& config, at::ScalarType products)
    : resnet(weights.scope("0"), in, config.channels, 4 * config.channels) {
  for (int i = 0; i < config.blocks; ++i)
    blocks.emplace_back(weights.scope("1").scope(std::to_string(i)), config, products);
}

at::Tensor EstimatorStage::transform(at::Tensor x, const at::Tensor& bias,
                                     EstimatorCache* cache) const {
  for (const TransformerBlock& block : blocks) x = block(x, bias, cache);
  return x;
}

EstimatorLayers::EstimatorLayers(const Weights& weights, const EstimatorConfig& config,
                                 at::ScalarType products)
    : down(weights.scope("down_blocks.0"), kEstimatorInputs, config, products),
      down_conv(weights.scope("down_blocks.0.2"), config.channels, config.channels, 3),
      up(weights.scope("up_blocks.0"), 2 * config.channels, config, products),
      up_conv(weights.scope("up_blocks.0.2"), config.channels, config.channels, 3),
      final_block(weights.scope("final_block"), config.channels, config.channels),
      final_proj(weights.scope("final_proj"), config.channels, kMelBands, 1),
      x_conv(input_slice(down.resnet.block1.conv, 0, kMelBands, {})),
      x_shortcut(input_slice(down.resnet.shortcut, 0, kMelBands, {})),
      condition_conv(input_slice(down.resnet.block1.conv, kMelBands, kEstimatorInputs - kMelBands,
                                 down.resnet.block1.conv.bias)),
      condition_shortcut(input_slice(down.resnet.shortcut, kMelBands, kEstimatorInputs - kMelBands,
                                     down.resnet.shortcut.bias)) {
  for (int i = 0; i < config.mid_blocks; ++i)
    mid.emplace_back(weights.scope("mid_blocks").scope(std::to_string(i)), config.channels, config,
                     products);
}

}  // namespace chatterbox
