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
  // Words of the inner dimension per block, such that those of the rows and of a panel stay in the
  // second cache.
  static constexpr int kDepth = 512;

  static void multiply(const PackedView& w, const float* x, std::size_t x_stride, int rows,
                       float* y, std::size_t y_stride, void* scratch) {
    Number* left = Scratch(scratch).take<Number>((kRows + kTileRows) * w.inputs);
    for (int i = 0; i < rows; ++i)
      convert(x + std::size_t(i) * x_stride, w.inputs, left + std::size_t(i * w.inputs));
    const int words = w.inputs / P::kGroup;
    const std::size_t stride = std::size_t(w.inputs) * sizeof(Number);
    for (int k = 0; k < words; k += kDepth)
      for (int first = 0; first < w.outputs; first += kTileColumns) {
        const Piece piece{panel_at(w, first, words) + std::size_t(k) * kTileColumns * 4,
                          smaller(kDepth, words - k), k == 0 ? w.bias + first : nullptr, stride,
                          y_stride};
        for (int row = 0; row < rows; row += kTileRows) {
          const char* a =
              reinterpret_cast<const char*>(left + std::size_t(row * w.inputs + k * P::kGroup));
          float* to = y + std::size_t(row) * y_stride + first;
          if (suits_tall_tile(rows - row)) {
            add_tile<kTallRows, kTallVectors>(a, piece, 0, rows - row, to);
            add_tile<kTallRows, kTallVectors>(a, piece, kTallVectors * kWidth, rows - row, to);
            break;
          }
          add_tile<kTileRows, kTileVectors>(a, piece, 0, smaller(kTileRows, rows - row), to);
        }
      }
  }

  static std::size_t scratch_bytes(int inputs) {
    return std::size_t(kRows + kTileRows) * std::size_t(inputs) * sizeof(Number) + 64;
  }

 private:
  static void convert(const float* x, int count, Number* to) {
    for (int c = 0; c < count; c += kWidth) store_as(to + c, load(x + c));
  }

  // A block of a panel's words; only the first block has a bias.
  struct Piece {
    const char* panel;
    int words;
    const float* bias;
    std::size_t stride, y_stride;  // bytes of the left operand, numbers of the result
  };

  // y = bias + a b, or without a bias y += a b; from `column` of the panel on.
  template <int tile_rows, int vectors>
  static __attribute__((noinline)) void add_tile(const char* a, const Piece& piece, int column,
                                                 int rows, float* y) {
    y += column;
    Floats sums[tile_rows][vectors];
    if (piece.bias)
      start_sums(piece.bias + column, sums);
    else
#pragma GCC unroll 8
      for (int i = 0; i < tile_rows; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; ++j)
          sums[i][j] = i < rows ? load(y + std::size_t(i) * piece.y_stride + j * kWidth) : set1(0);
    multiply_tile<P>(a, piece.stride, piece.panel + column * 4, piece.words, sums);
#pragma GCC unroll 8
    for (int i = 0; i < tile_rows; ++i) {
      if (i >= rows) break;
#pragma GCC unroll 4
      for (int j = 0; j < vectors; ++j)
        store(y + std::size_t(i) * piece.y_stride + j * kWidth, sums[i][j]);
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
