// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/row_convolution.h"

#include <mutex>
#include <optional>

namespace chatterbox {
namespace {

constexpr std::int64_t kWindow = 3;    // rows that an upsampled one sees
constexpr std::int64_t kOutputs = 16;  // kernels make multiples of it

// (out, in, kernel) to (out, kernel * in), filled up with zeros.
at::Tensor windowed(const at::Tensor& weight, std::int64_t in) {
  const std::int64_t missing = (kOutputs - weight.size(0) % kOutputs) % kOutputs;
  const at::Tensor whole = at::constant_pad_nd(weight, {0, 0, 0, in - weight.size(1), 0, missing});
  return whole.permute({0, 2, 1}).reshape({whole.size(0), -1});
}

at::Tensor filled_up(const at::Tensor& bias) {
  return at::constant_pad_nd(bias, {0, (kOutputs - bias.size(0) % kOutputs) % kOutputs});
}

// Windows of `count` rows, each `stride` rows after the one before.
at::Tensor windows(const at::Tensor& x, std::int64_t count, std::int64_t stride,
                   std::int64_t padding) {
  const at::Tensor padded = at::constant_pad_nd(x, {0, 0, padding, padding}).contiguous();
  const std::int64_t in = x.size(1);
  return padded.as_strided({(padded.size(0) - count) / stride + 1, count * in}, {stride * in, 1});
}

// Weight (in, out, kernel) to (stride * out, kWindow * in): the rows that each row
// becomes, of the rows around it.
at::Tensor by_phase(const ConvTranspose1d& conv) {
  const std::int64_t stride = conv.options.stride, in = conv.weight.size(0),
                     out = conv.weight.size(1), kernel = conv.weight.size(2);
  at::Tensor weight = at::zeros({stride, out, kWindow, in}, conv.weight.options());
  for (std::int64_t phase = 0; phase < stride; ++phase)
    for (std::int64_t row = 0; row < kWindow; ++row) {
      const std::int64_t tap = (1 - row) * stride + phase + conv.options.padding;
      if (tap >= 0 && tap < kernel)
        weight.select(0, phase).select(1, row).copy_(conv.weight.select(2, tap).t());
    }
  return weight.view({stride * out, kWindow * in});
}

}  // namespace

// Layer over windows, packed from the weights in the file by its first use.
struct RowConvolution::Packed {
  Packed(const Conv1d& conv, std::int64_t in, at::ScalarType products)
      : weight(conv.weight), bias(conv.bias), in(in), products(products) {}

  const PackedLayer& get() {
    std::call_once(once, [this] {
      layer.emplace(windowed(weight, in), filled_up(bias), products);
      weight.reset();
      bias.reset();
    });
    return *layer;
  }

  std::once_flag once;
  at::Tensor weight, bias;
  std::int64_t in;
  at::ScalarType products;
  std::optional<PackedLayer> layer;
};

RowConvolution::RowConvolution(const Conv1d& conv, std::int64_t in, at::ScalarType products,
                               PackWhen when)
    : outputs_(conv.weight.size(0)),
      kernel_(conv.weight.size(2)),
      stride_(conv.options.stride),
      padding_(conv.options.padding),
      packed_(std::make_shared<Packed>(conv, in, products)) {
  if (when == PackWhen::kMade) packed_->get();
}

at::Tensor RowConvolution::operator()(const at::Tensor& x) const {
  return packed_->get()(windows(x, kernel_, stride_, padding_)).narrow(1, 0, outputs_);
}

RowUpsampling::RowUpsampling(const ConvTranspose1d& conv)
    : outputs_(conv.weight.size(1)),
      layer_(by_phase(conv), conv.bias.repeat({conv.options.stride}), at::kFloat) {}

at::Tensor RowUpsampling::operator()(const at::Tensor& x) const {
  return layer_(windows(x, kWindow, 1, kWindow / 2)).view({-1, outputs_});
}

}  // namespace chatterbox
