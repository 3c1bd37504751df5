// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "nn/packing.h"
#include "nn/simd/products.h"

namespace chatterbox {
namespace {

// Memory of one thread, handed out in aligned pieces.
class Scratch {
 public:
  explicit Scratch(void* memory) : next_(static_cast<char*>(memory)) {}
  template <class T>
  T* take(int count) {
    char* const taken = next_;
    next_ += (std::size_t(count) * sizeof(T) + 63) / 64 * 64;
    return reinterpret_cast<T*>(taken);
  }

 private:
  char* next_;
};

// Rows of a tall tile, which has half as many columns. A chunk of live speech has this many rows or
// a few less, for which tiles of kTileRows would compute half again as many.
constexpr int kTallRows = 8;
constexpr int kTallVectors = kTileVectors / 2;

// True when the last `rows` rows fit one tall tile but not one of kTileRows.
SIMD bool suits_tall_tile(int rows) { return rows > kTileRows && rows <= kTallRows; }

// Starts the sums of every row with the same values.
template <int tile_rows, int vectors>
SIMD void start_sums(const float* start, Floats (&sums)[tile_rows][vectors]) {
#pragma GCC unroll 4
  for (int j = 0; j < vectors; ++j) {
    const Floats each = load(start + j * kWidth);
#pragma GCC unroll 8
    for (int i = 0; i < tile_rows; ++i) sums[i][j] = each;
  }
}

// Calls use(row, column, vector) with the sums of a tile that are within `rows`
// and `columns`.
template <int tile_rows, int vectors, class Use>
SIMD void use_sums(int row, int rows, int column, int columns,
                   const Floats (&sums)[tile_rows][vectors], Use&& use) {
#pragma GCC unroll 8
  for (int i = 0; i < tile_rows; ++i) {
    if (row + i >= rows) break;
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j)
      if (column + j * kWidth < columns) use(row + i, column + j * kWidth, sums[i][j]);
  }
}

// Address of a panel of `words` words per column, from column `first` of the layer on.
SIMD const char* panel_at(const PackedView& w, int first, int words) {
  const int panel = first / kTileColumns * kTileColumns;
  return w.data + (std::size_t(panel) * std::size_t(words) + std::size_t(first - panel)) * 4;
}

// Rows [row, row + tile_rows) and columns [first, first + vectors kWidth) of the product of
// multiply().
template <class P, int tile_rows, int vectors, class Use>
SIMD void multiply_part(const char* a, std::size_t stride, int row, int rows, const PackedView& w,
                        int first, Use&& use) {
  const int words = w.inputs / P::kGroup;
  Floats sums[tile_rows][vectors];
  start_sums(w.bias + first, sums);
  multiply_tile<P>(a + std::size_t(row) * stride, stride, panel_at(w, first, words), words, sums);
  use_sums(row, rows, first, w.outputs, sums, use);
}

// Calls use(row, column, vector) with a w^T + bias for `rows` rows of a, each
// `stride` numbers after the one before.
template <class P, class Use>
SIMD void multiply(const typename P::Number* a, std::size_t stride, int rows, const PackedView& w,
                   Use&& use) {
  stride *= sizeof(*a);
  const char* left = reinterpret_cast<const char*>(a);
  for (int first = 0; first < w.outputs; first += kTileColumns)
    for (int row = 0; row < rows; row += kTileRows) {
      if (suits_tall_tile(rows - row)) {
        const int halves[] = {first, first + kTallVectors * kWidth};
        for (int half : halves)
          multiply_part<P, kTallRows, kTallVectors>(left, stride, row, rows, w, half, use);
        break;
      }
      multiply_part<P, kTileRows, kTileVectors>(left, stride, row, rows, w, first, use);
    }
}

// Rows and columns as above of the product of multiply_scaled().
template <int tile_rows, int vectors, class Use>
SIMD void multiply_scaled_part(const char* a, std::size_t stride, int row, int rows,
                               const PackedView& w, int first, const float* scales, Use&& use) {
  const int words = w.inputs / ByteProducts::kGroup;
  Ints sums[tile_rows][vectors];
#pragma GCC unroll 4
  for (int j = 0; j < vectors; ++j) {
    const Ints start = loadi(w.start + first + j * kWidth);
#pragma GCC unroll 8
    for (int i = 0; i < tile_rows; ++i) sums[i][j] = start;
  }
  multiply_tile<ByteProducts>(a + std::size_t(row) * stride, stride, panel_at(w, first, words),
                              words, sums);
#pragma GCC unroll 8
  for (int i = 0; i < tile_rows; ++i) {
    if (row + i >= rows) break;
    const Floats scale = set1(scales[row + i]);
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) {
      const int column = first + j * kWidth;
      if (column < w.outputs)
        use(row + i, column,
            fma(to_floats(sums[i][j]), mul(load(w.scale + column), scale), load(w.bias + column)));
    }
  }
}

// multiply() for bytes; row i stands for scales[i] times its bytes.
template <class Use>
SIMD void multiply_scaled(const std::uint8_t* a, std::size_t stride, int rows, const PackedView& w,
                          const float* scales, Use&& use) {
  const char* left = reinterpret_cast<const char*>(a);
  for (int first = 0; first < w.outputs; first += kTileColumns)
    for (int row = 0; row < rows; row += kTileRows) {
      if (suits_tall_tile(rows - row)) {
        const int halves[] = {first, first + kTallVectors * kWidth};
        for (int half : halves)
          multiply_scaled_part<kTallRows, kTallVectors>(left, stride, row, rows, w, half, scales,
                                                        use);
        break;
      }
      multiply_scaled_part<kTileRows, kTileVectors>(left, stride, row, rows, w, first, scales, use);
    }
}

// Quantises x to bytes; returns their scale.
SIMD float to_bytes(const float* x, int count, std::uint8_t* to) {
  Floats peak = set1(1e-20f);
  for (int c = 0; c < count; c += kWidth) peak = max(peak, abs(load(x + c)));
  const float scale = largest(peak) / float(ByteProducts::kLevels / 2);
  const Floats factor = set1(1.0f / scale), zero = set1(float(ByteProducts::kZero));
  for (int c = 0; c < count; c += kWidth)
    store_bytes(to + c, to_ints(fma(load(x + c), factor, zero)));
  return scale;
}

// to_bytes() for results of gelu(): byte zero stands for the least of them, so that no level is
// wasted.
SIMD float gelu_to_bytes(const float* x, int count, std::uint8_t* to) {
  Floats peak = set1(1e-20f);
  for (int c = 0; c < count; c += kWidth) peak = max(peak, load(x + c));
  const float scale = (largest(peak) - kLeastGelu) / float(ByteProducts::kLevels);
  const Floats factor = set1(1.0f / scale), least = set1(-kLeastGelu / scale);
  for (int c = 0; c < count; c += kWidth)
    store_bytes(to + c, to_ints(fma(load(x + c), factor, least)));
  return scale;
}

}  // namespace
}  // namespace chatterbox
