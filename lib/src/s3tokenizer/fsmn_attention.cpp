// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3tokenizer/fsmn_attention.h"

#include <algorithm>
#include <cmath>

namespace chatterbox {
namespace {

constexpr double kTheta = 10000.0;
constexpr std::int64_t kMemoryFrames = 31;

ConvOptions depthwise(std::int64_t channels) {
  ConvOptions options;
  options.padding = (kMemoryFrames - 1) / 2;
  options.groups = channels;
  options.bias = Bias::kNone;
  return options;
}

}  // namespace

Rotation::Rotation(std::int64_t frames, std::int64_t head_dim, const at::Device& device) {
  const at::TensorOptions options = at::TensorOptions().dtype(at::kFloat).device(device);
  const at::Tensor exponents = at::arange(0, head_dim, 2, options) / double(head_dim);
  const at::Tensor frequencies = at::pow(kTheta, exponents).reciprocal();
  const at::Tensor angles = at::outer(at::arange(frames, options), frequencies);
  cos = at::cat({angles.cos(), angles.cos()}, 1);
  sin = at::cat({angles.sin(), angles.sin()}, 1);
}

at::Tensor Rotation::operator()(const at::Tensor& x) const {
  const auto halves = x.chunk(2, -1);
  const at::Tensor turned = at::cat({-halves[1], halves[0]}, -1);
  const std::int64_t first = cos.size(0) - x.size(1);
  return x * cos.slice(0, first).unsqueeze(1) + turned * sin.slice(0, first).unsqueeze(1);
}

FsmnAttention::FsmnAttention(const Weights& weights, std::int64_t state, std::int64_t heads)
    : heads(heads),
      query(Linear(weights.scope("query"), state, state), at::kFloat, PackWhen::kUsed),
      key(Linear(weights.scope("key"), state, state, Bias::kNone), at::kFloat, PackWhen::kUsed),
      value(Linear(weights.scope("value"), state, state), at::kFloat, PackWhen::kUsed),
      out(Linear(weights.scope("out"), state, state), at::kFloat, PackWhen::kUsed),
      memory(weights.scope("fsmn_block"), state, state, kMemoryFrames, depthwise(state)) {}

FsmnAttention FsmnAttention::with_products(at::ScalarType products) const {
  FsmnAttention made = *this;
  for (PackedLayer* layer : {&made.query, &made.key, &made.value, &made.out})
    *layer = layer->with_products(products);
  return made;
}

at::Tensor FsmnAttention::operator()(const at::Tensor& x, const Rotation& rotation,
                                     KeyValueCache* cache) const {
  const std::int64_t frames = x.size(1), state = x.size(2), head_dim = state / heads;
  // Either side is scaled, as upstream does, rather than their product.
  const double scale = std::pow(double(head_dim), -0.25);
  const auto split = [&](const at::Tensor& y) { return y.view({1, -1, heads, head_dim}); };

  const at::Tensor keys = cache ? cache->keys.append(key(x)) : key(x);
  const at::Tensor values = cache ? cache->values.append(value(x)) : value(x);
  const at::Tensor q = rotation(split(query(x))).transpose(1, 2) * scale;  // (1, heads, n, d)
  const at::Tensor k = rotation(split(keys)).transpose(1, 2) * scale;
  const at::Tensor v = split(values).transpose(1, 2);

  const at::Tensor weights = at::softmax(at::matmul(q, k.transpose(2, 3)), -1);
  const at::Tensor mixed = at::matmul(weights, v).transpose(1, 2).reshape({1, frames, state});
  // The memory sees no further back than half its length.
  const std::int64_t near = std::min(values.size(1), frames + kMemoryFrames / 2);
  const at::Tensor recent = values.slice(1, values.size(1) - near);
  const at::Tensor remembered =
      (memory(recent.transpose(1, 2)).transpose(1, 2) + recent).slice(1, near - frames);
  return out(mixed) + remembered;
}

}  // namespace chatterbox
