// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>

namespace chatterbox {

// Packing of a product's right operand: `columns` to a panel, `group` numbers along the inner
// dimension to a word of 32 bits: one float, two bfloat16 or four int8, for which the left
// operand's `zero` stands for nothing.
struct Packing {
  int columns, group, zero;
};

// gelu(x) is never less.
inline constexpr float kLeastGelu = -0.17f;

// y = x W^T + b, packed. Outputs are a multiple of the kernels' vector; the
// panels are filled up with zeros.
struct PackedView {
  const char* data;
  const float* bias;  // as many as the panels have columns, as are the next two
  int inputs, outputs;
  // int8 alone: of each output, and what its sum begins with.
  const float* scale;
  const std::int32_t* start;
};

// `count` outputs of a layer from output `first` on, which begins a panel.
inline PackedView outputs_of(const PackedView& whole, const Packing& packing, int first,
                             int count) {
  PackedView part = whole;
  part.data += std::int64_t(first) * whole.inputs * 4 / packing.group;
  part.bias += first;
  part.outputs = count;
  if (whole.scale) part.scale += first;
  if (whole.start) part.start += first;
  return part;
}

}  // namespace chatterbox
