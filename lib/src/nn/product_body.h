// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Products with packed layers; for files that are compiled for one instruction set.
#pragma once

#include "nn/product_kernels.h"
#include "nn/simd/multiply.h"

namespace chatterbox {
namespace {

template <class P>
struct RowProducts {
  using Number = typename P::Number;
  static constexpr int kRows = 48;
  // Words along the inner dimension that are done at once: those of the rows and of a
  // panel stay in the second cache.
  static constexpr int kDepth = 512;

  static void multiply(const PackedView& w, const float* x, std::size_t x_stride, int rows,
                       float* y, std::size_t y_stride, void* scratch) {
    Number* left = Scratch(scratch).take<Number>((kRows + kTileRows) * w.inputs);
    for (int i = 0; i < rows; ++i)
      convert(x + std::size_t(i) * x_stride, w.inputs, left + std::size_t(i * w.inputs));
    const int words = w.inputs / P::kGroup;
    for (int k = 0; k < words; k += kDepth)
      for (int first = 0; first < w.outputs; first += kTileColumns) {
        const char* panel =
            w.data + (std::size_t(first) * std::size_t(words) + std::size_t(k) * kTileColumns) * 4;
        for (int row = 0; row < rows; row += kTileRows)
          add_tile(left + std::size_t(row * w.inputs + k * P::kGroup), w.inputs, panel,
                   smaller(kDepth, words - k), k == 0 ? w.bias + first : nullptr,
                   smaller(kTileRows, rows - row), y + std::size_t(row) * y_stride + first,
                   y_stride);
      }
  }

  static std::size_t scratch_bytes(int inputs) {
    return std::size_t(kRows + kTileRows) * std::size_t(inputs) * sizeof(Number) + 64;
  }

 private:
  static void convert(const float* x, int count, Number* to) {
    for (int c = 0; c < count; c += kWidth) store_as(to + c, load(x + c));
  }

  // y = bias + a b, or without a bias y += a b.
  static __attribute__((noinline)) void add_tile(const Number* a, int inputs, const char* panel,
                                                 int words, const float* bias, int rows, float* y,
                                                 std::size_t y_stride) {
    Floats sums[kTileRows][kTileVectors];
    if (bias)
      start_sums(bias, sums);
    else
#pragma GCC unroll 8
      for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < kTileVectors; ++j)
          sums[i][j] = i < rows ? load(y + std::size_t(i) * y_stride + j * kWidth) : set1(0);
    multiply_tile<P>(reinterpret_cast<const char*>(a), std::size_t(inputs) * sizeof(Number), panel,
                     words, sums);
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      if (i >= rows) break;
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j)
        store(y + std::size_t(i) * y_stride + j * kWidth, sums[i][j]);
    }
  }
};

template <class P>
constexpr ProductKernels make_product_kernels(const char* name) {
  using Products = RowProducts<P>;
  return {name,      {kTileColumns, P::kGroup, 0}, Products::kRows,
          kTileRows, Products::scratch_bytes,      Products::multiply};
}

}  // namespace
}  // namespace chatterbox
