// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/packed_linear.h"

#include "nn/large_pages.h"

namespace chatterbox {
namespace {

constexpr double kLargestByte = 127;

at::ScalarType type_of(const Packing& packing) {
  return packing.group == 4 ? at::kChar : packing.group == 2 ? at::kBFloat16 : at::kFloat;
}

}  // namespace

PackedLinear::PackedLinear(const at::Tensor& weight, const at::Tensor& bias, const Packing& packing,
                           Input input)
    : inputs_(weight.size(1)), outputs_(weight.size(0)) {
  const std::int64_t columns = packing.columns, group = packing.group;
  const std::int64_t panels = (outputs_ + columns - 1) / columns;
  at::Tensor whole =
      at::constant_pad_nd(weight.to(at::kFloat), {0, 0, 0, panels * columns - outputs_});
  bias_ = at::zeros({panels * columns}, at::kFloat);
  if (bias.defined()) bias_.narrow(0, 0, outputs_).copy_(bias);
  if (type_of(packing) == at::kChar) whole = quantise(whole, packing, input);
  const at::Tensor panelled =
      whole.view({panels, columns, inputs_ / group, group}).permute({0, 2, 1, 3});
  data_ = empty_in_large_pages(panelled.sizes(), type_of(packing));
  data_.copy_(panelled);
}

// Whole numbers in float32. The left operand is bytes from zero on; what their
// zero point adds to each sum is taken from where sums begin, or from the bias.
at::Tensor PackedLinear::quantise(const at::Tensor& weight, const Packing& packing, Input input) {
  scale_ = (weight.abs().amax(1) / kLargestByte).clamp_min(1e-20);
  const at::Tensor whole = (weight / scale_.unsqueeze(1)).round_();
  const at::Tensor sums = whole.sum(1);
  if (input == Input::kGelu) {
    bias_.add_(sums * scale_, kLeastGelu);
    start_ = at::zeros_like(sums, at::kInt);
  } else {
    start_ = (sums * -packing.zero).to(at::kInt);
  }
  return whole;
}

PackedLinear PackedLinear::after(const LayerNorm& norm, const at::Tensor& weight,
                                 const at::Tensor& bias, const Packing& packing) {
  const at::Tensor wide = weight.to(at::kFloat);
  const at::Tensor shift = at::mv(wide, norm.bias);
  return PackedLinear(wide * norm.weight, bias.defined() ? bias + shift : shift, packing);
}

PackedView PackedLinear::view() const {
  return {static_cast<const char*>(data_.data_ptr()),
          bias_.data_ptr<float>(),
          int(inputs_),
          int(outputs_),
          scale_.defined() ? scale_.data_ptr<float>() : nullptr,
          start_.defined() ? start_.data_ptr<std::int32_t>() : nullptr};
}

}  // namespace chatterbox
