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

// Every row begins with the same.
SIMD void start_sums(const float* start, Floats (&sums)[kTileRows][kTileVectors]) {
#pragma GCC unroll 4
  for (int j = 0; j < kTileVectors; ++j) {
    const Floats each = load(start + j * kWidth);
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) sums[i][j] = each;
  }
}

// Calls use(row, column, vector) with the sums of a tile that are within `rows`
// and `columns`.
template <class Use>
SIMD void use_sums(int row, int rows, int column, int columns,
                   const Floats (&sums)[kTileRows][kTileVectors], Use&& use) {
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i) {
    if (row + i >= rows) break;
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j)
      if (column + j * kWidth < columns) use(row + i, column + j * kWidth, sums[i][j]);
  }
}

// Calls use(row, column, vector) with a w^T + bias for `rows` rows of a, each
// `stride` numbers after the one before.
template <class P, class Use>
SIMD void multiply(const typename P::Number* a, std::size_t stride, int rows, const PackedView& w,
                   Use&& use) {
  const int words = w.inputs / P::kGroup;
  stride *= sizeof(*a);
  for (int first = 0; first < w.outputs; first += kTileColumns)
    for (int row = 0; row < rows; row += kTileRows) {
      typename P::Sum sums[kTileRows][kTileVectors];
      start_sums(w.bias + first, sums);
      multiply_tile<P>(reinterpret_cast<const char*>(a) + std::size_t(row) * stride, stride,
                       w.data + std::size_t(first) * std::size_t(words) * 4, words, sums);
      use_sums(row, rows, first, w.outputs, sums, use);
    }
}

// The same for bytes, each row of which stands for numbers `scales` times as
// large.
template <class Use>
SIMD void multiply_scaled(const std::uint8_t* a, std::size_t stride, int rows, const PackedView& w,
                          const float* scales, Use&& use) {
  const int words = w.inputs / ByteProducts::kGroup;
  for (int first = 0; first < w.outputs; first += kTileColumns)
    for (int row = 0; row < rows; row += kTileRows) {
      Ints sums[kTileRows][kTileVectors];
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) {
        const Ints start = loadi(w.start + first + j * kWidth);
#pragma GCC unroll 8
        for (int i = 0; i < kTileRows; ++i) sums[i][j] = start;
      }
      multiply_tile<ByteProducts>(reinterpret_cast<const char*>(a) + std::size_t(row) * stride,
                                  stride, w.data + std::size_t(first) * std::size_t(words) * 4,
                                  words, sums);
#pragma GCC unroll 8
      for (int i = 0; i < kTileRows; ++i) {
        if (row + i >= rows) break;
        const Floats scale = set1(scales[row + i]);
#pragma GCC unroll 4
        for (int j = 0; j < kTileVectors; ++j) {
          const int column = first + j * kWidth;
          if (column < w.outputs)
            use(row + i, column,
                fma(to_floats(sums[i][j]), mul(load(w.scale + column), scale),
                    load(w.bias + column)));
        }
      }
    }
}

// Bytes that stand for x; returns what they are to be multiplied by.
SIMD float to_bytes(const float* x, int count, std::uint8_t* to) {
  Floats peak = set1(1e-20f);
  for (int c = 0; c < count; c += kWidth) peak = max(peak, abs(load(x + c)));
  const float scale = largest(peak) / float(ByteProducts::kLevels / 2);
  const Floats factor = set1(1.0f / scale), zero = set1(float(ByteProducts::kZero));
  for (int c = 0; c < count; c += kWidth)
    store_bytes(to + c, to_ints(fma(load(x + c), factor, zero)));
  return scale;
}

// The same for results of gelu(), which all levels serve: zero stands for the
// least.
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
