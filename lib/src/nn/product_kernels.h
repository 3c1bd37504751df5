// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <vector>

#include "nn/packing.h"

namespace chatterbox {

// A product of float32 rows with a packed layer, done in numbers of the kernels'
// own precision; sums are float32.
struct ProductKernels {
  const char* name;
  Packing packing;
  int rows;  // per piece, at most
  int tile;  // rows that are done together
  std::size_t (*scratch_bytes)(int inputs);
  // y = x w^T + b. Strides count floats between rows; outputs of w are whole panels.
  void (*multiply)(const PackedView& w, const float* x, std::size_t x_stride, int rows, float* y,
                   std::size_t y_stride, void* scratch);
};

enum class ProductPrecision { kFloat, kBFloat16 };

// Kernels for one kind of processor.
struct ProductKernelSet {
  const ProductKernels* kernels;
  ProductPrecision precision;
  bool runs;  // on this processor
};
// All sets built for this architecture, the fastest last.
std::vector<ProductKernelSet> product_kernel_sets();

}  // namespace chatterbox
