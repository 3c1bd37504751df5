// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include "nn/layers.h"
#include "nn/packing.h"

namespace chatterbox {

// The weights of a layer as the kernels read them: panels of neighbouring
// outputs, in each panel the words of all its outputs one after the other.
class PackedLinear {
 public:
  // Range of the layer's input, which decides how int8 rounds it.
  enum class Input { kAny, kGelu };

  // weight (out, in), bias (out) or undefined: none.
  PackedLinear(const at::Tensor& weight, const at::Tensor& bias, const Packing& packing,
               Input input = Input::kAny);
  // A layer after a norm, whose weight and bias become part of the layer's.
  static PackedLinear after(const LayerNorm& norm, const at::Tensor& weight, const at::Tensor& bias,
                            const Packing& packing);

  PackedView view() const;

 private:
  at::Tensor quantise(const at::Tensor& weight, const Packing& packing, Input input);

  std::int64_t inputs_, outputs_;
  at::Tensor data_, bias_;
  at::Tensor scale_, start_;  // int8
};

}  // namespace chatterbox
