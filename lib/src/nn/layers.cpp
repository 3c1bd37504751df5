// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/layers.h"

#include <ATen/Parallel.h>

#include <numeric>
#include <vector>

namespace chatterbox {
namespace {

at::Tensor take_bias(const Weights& weights, std::int64_t size, Bias bias) {
  return bias == Bias::kYes ? weights.take("bias", {size}) : at::Tensor();
}

// at::convolution in full float32 and in a fixed order, whatever the process has set for cuDNN:
// libtorch lets cuDNN round float32 to TF32, of 10 bits, and choose algorithms that add in any
// order.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation,
                    std::int64_t groups, bool transposed = false) {
  const std::vector<std::int64_t> no_padding(stride.size(), 0);
  return at::_convolution(x, weight, bias, stride, padding, dilation, transposed,
                          /*output_padding=*/no_padding, groups, /*benchmark=*/false,
                          /*deterministic=*/true, /*cudnn_enabled=*/true, /*allow_tf32=*/false);
}

at::Tensor take_kernel(const Weights& weights, at::IntArrayRef shape, bool weight_norm) {
  return weight_norm ? take_weight_norm(weights, shape) : weights.take("weight", shape);
}

}  // namespace

at::Tensor take_weight_norm(const Weights& weights, at::IntArrayRef shape) {
  // The quotient is computed in float32 whatever the compute type, once.
  const Weights stored = weights.with_dtype(at::kFloat).scope("parametrizations").scope("weight");
  std::vector<std::int64_t> lengths(shape.size(), 1), others;
  lengths[0] = shape[0];
  for (std::size_t i = 1; i < shape.size(); ++i) others.push_back(std::int64_t(i));
  const at::Tensor g = stored.take("original0", lengths);
  const at::Tensor v = stored.take("original1", shape);
  const at::Tensor length = v.square().sum(others, /*keepdim=*/true).sqrt();
  return (v * (g / length)).to(weights.placement().dtype);
}

Linear::Linear(const Weights& weights, std::int64_t in, std::int64_t out, Bias with_bias)
    : weight(weights.take("weight", {out, in})), bias(take_bias(weights, out, with_bias)) {}

void Linear::take_hot(const Weights& weights, at::IntArrayRef shape, bool transposed) {
  if (weights.placement().int8) {
    set_rows(weights.take_hot_rows("weight", shape, transposed));
  } else {
    weight = transposed ? weights.take_hot_transposed("weight", shape)
                        : weights.take_hot("weight", shape);
  }
}

void Linear::set_rows(QuantizedRows rows) {
  weight = std::move(rows.values);
  scale = std::move(rows.scale);
  const std::int64_t count = weight.size(0), cols = weight.size(1);
  row_sums = at::empty({count}, at::kInt);
  const std::int8_t* values = weight.data_ptr<std::int8_t>();
  std::int32_t* sums = row_sums.data_ptr<std::int32_t>();
  at::parallel_for(0, count, /*grain_size=*/64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r)
      sums[r] = std::accumulate(values + r * cols, values + (r + 1) * cols, std::int32_t(0));
  });
}

Linear Linear::in_int8() const {
  Linear other = *this;
  other.set_rows(quantize_rows(weight));
  return other;
}

Linear Linear::hot(const Weights& weights, std::int64_t in, std::int64_t out, Bias with_bias) {
  Linear linear;
  linear.take_hot(weights, {out, in}, /*transposed=*/false);
  linear.bias = take_bias(weights.of_sums(), out, with_bias);
  return linear;
}

Linear Linear::hot_conv1d(const Weights& weights, std::int64_t in, std::int64_t out) {
  Linear linear;
  linear.take_hot(weights, {in, out}, /*transposed=*/true);
  linear.bias = take_bias(weights.of_sums(), out, Bias::kYes);
  return linear;
}

Linear Linear::rows(std::int64_t first, std::int64_t count) const {
  Linear part;
  part.weight = weight.narrow(0, first, count);
  if (bias.defined()) part.bias = bias.narrow(0, first, count);
  if (scale.defined()) {
    part.scale = scale.narrow(0, first, count);
    part.row_sums = row_sums.narrow(0, first, count);
  }
  return part;
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  return bias.defined() ? at::linear(x, weight, bias) : at::linear(x, weight);
}

Embedding::Embedding(const Weights& weights, std::int64_t rows, std::int64_t dim)
    : weight(weights.take("weight", {rows, dim})) {}

at::Tensor Embedding::operator()(const at::Tensor& ids) const { return at::embedding(weight, ids); }

LayerNorm::LayerNorm(const Weights& weights, std::int64_t dim, double eps)
    : weight(weights.take("weight", {dim})), bias(weights.take("bias", {dim})), eps(eps) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, weight.sizes(), weight, bias, eps);
}

GroupNorm::GroupNorm(const Weights& weights, std::int64_t groups, std::int64_t channels, double eps)
    : groups(groups),
      weight(weights.take("weight", {channels})),
      bias(weights.take("bias", {channels})),
      eps(eps) {}

at::Tensor GroupNorm::operator()(const at::Tensor& x) const {
  return at::group_norm(x, groups, weight, bias, eps);
}

BatchNorm::BatchNorm(const Weights& weights, std::int64_t channels, Affine affine, double eps) {
  const Weights wide = weights.with_dtype(at::kFloat);
  const at::Tensor mean = wide.take("running_mean", {channels});
  scale = (wide.take("running_var", {channels}) + eps).rsqrt();
  if (affine == Affine::kYes) scale = scale * wide.take("weight", {channels});
  shift = -mean * scale;
  if (affine == Affine::kYes) shift = shift + wide.take("bias", {channels});
  if (weights.has("num_batches_tracked")) weights.skip("num_batches_tracked");
  scale = scale.to(weights.placement().dtype);
  shift = shift.to(weights.placement().dtype);
}

at::Tensor BatchNorm::operator()(const at::Tensor& x) const {
  std::vector<std::int64_t> channels(std::size_t(x.dim()), 1);
  channels[1] = scale.size(0);
  return at::addcmul(shift.view(channels), x, scale.view(channels));
}

Conv1d::Conv1d(const Weights& weights, std::int64_t in, std::int64_t out, std::int64_t kernel,
               const ConvOptions& options)
    : weight(take_kernel(weights, {out, in / options.groups, kernel}, options.weight_norm)),
      bias(take_bias(weights, out, options.bias)),
      options(options) {}

at::Tensor Conv1d::operator()(const at::Tensor& x) const {
  return convolve(x, weight, bias, options.stride, options.padding, options.dilation,
                  options.groups);
}

ConvTranspose1d::ConvTranspose1d(const Weights& weights, std::int64_t in, std::int64_t out,
                                 std::int64_t kernel, const ConvOptions& options)
    : weight(take_kernel(weights, {in, out / options.groups, kernel}, options.weight_norm)),
      bias(take_bias(weights, out, options.bias)),
      options(options) {}

at::Tensor ConvTranspose1d::operator()(const at::Tensor& x) const {
  return convolve(x, weight, bias, options.stride, options.padding, options.dilation,
                  options.groups, /*transposed=*/true);
}

Conv2d::Conv2d(const Weights& weights, std::int64_t in, std::int64_t out, std::int64_t kernel,
               const Options& options)
    : weight(weights.take("weight", {out, in, kernel, kernel})),
      bias(take_bias(weights, out, options.bias)),
      options(options) {}

at::Tensor Conv2d::operator()(const at::Tensor& x) const {
  return convolve(x, weight, bias, {options.stride_h, options.stride_w},
                  {options.padding, options.padding}, /*dilation=*/{1, 1}, /*groups=*/1);
}

}  // namespace chatterbox
