// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Digits and the product of int8 rows, for files that are compiled for one instruction set.
#pragma once

#include "nn/int8_rows_sums.h"
#include "nn/simd/products.h"

namespace chatterbox {
namespace {

constexpr int kBytes = 4 * kWidth;
// Prefetch distance in bytes.
constexpr std::int64_t kAhead = 8 * 1024;
constexpr int kRowsAtOnce = 4;

SIMD void set_digit_vectors(const float* x, std::int64_t whole, float inverse, std::uint8_t* high,
                            std::uint8_t* low) {
  for (std::int64_t i = 0; i < whole; i += kWidth) {
    const Ints number = addi(to_ints(mul(load(x + i), set1(inverse))), set1i(kDigitsOffset));
    store_bytes(high + i, shift_right<7>(number));
    store_bytes(low + i, and_bits(number, set1i(127)));
  }
}

// See Digits; returns the scale.
float set_digits(const float* x, std::int64_t size, std::uint8_t* high, std::uint8_t* low) {
  const std::int64_t whole = size / kWidth * kWidth;
  Floats peaks = set1(0);
  for (std::int64_t i = 0; i < whole; i += kWidth) peaks = max(peaks, abs(load(x + i)));
  float rest[kWidth] = {};
  for (std::int64_t i = whole; i < size; ++i) rest[i - whole] = x[i];
  const float most = largest(max(peaks, abs(load(rest))));
  const float inverse = most > 0 ? kMostOfDigits / most : 0.0f;
  set_digit_vectors(x, whole, inverse, high, low);
  std::uint8_t last[2][kWidth];
  set_digit_vectors(rest, kWidth, inverse, last[0], last[1]);
  for (std::int64_t i = whole; i < size; ++i) {
    high[i] = last[0][i - whole];
    low[i] = last[1][i - whole];
  }
  return most / kMostOfDigits;
}

// A row against the digits of B vectors, `kStep` vectors of bytes at a time: 128 times the sums
// with high digits and those with low ones, lane by lane. Rows follow each other in memory, and
// are read in this order as one stream, which is what a core's way to the memory likes best.
template <int B>
SIMD std::int64_t row_of(const std::int8_t* values, std::int64_t cols, const DigitsView* x,
                         Floats* sums) {
  // Vectors per step, such that their sums fit into registers.
  constexpr int kStep = kWidth == 8 && B == 2 ? 2 : 4;
  Ints high[kStep][B], low[kStep][B];
#pragma GCC unroll 4
  for (int i = 0; i < kStep; ++i)
#pragma GCC unroll 2
    for (int b = 0; b < B; ++b) high[i][b] = low[i][b] = set1i(0);
  const auto add = [&](std::int64_t c, int i) __attribute__((always_inline)) {
    const Ints weights = loadi(values + c);
#pragma GCC unroll 2
    for (int b = 0; b < B; ++b) {
      high[i][b] = ByteProducts::multiply_add(loadi(x[b].high + c), weights, high[i][b]);
      low[i][b] = ByteProducts::multiply_add(loadi(x[b].low + c), weights, low[i][b]);
    }
  };
  std::int64_t c = 0;
  for (; c + kStep * kBytes <= cols; c += kStep * kBytes) {
#pragma GCC unroll 4
    for (int i = 0; i < kStep; ++i) {
      __builtin_prefetch(values + c + i * kBytes + kAhead);
      add(c + i * kBytes, i);
    }
  }
  for (; c + kBytes <= cols; c += kBytes) add(c, 0);
#pragma GCC unroll 2
  for (int b = 0; b < B; ++b) {
#pragma GCC unroll 4
    for (int i = 1; i < kStep; ++i) {
      high[0][b] = addi(high[0][b], high[i][b]);
      low[0][b] = addi(low[0][b], low[i][b]);
    }
    sums[b] = fma(to_floats(high[0][b]), set1(128.0f), to_floats(low[0][b]));
  }
  return c;
}

// R rows against the digits of B vectors.
template <int R, int B>
void rows_of(const Int8Rows& w, std::int64_t row, const DigitsView* x, float* y,
             std::int64_t y_stride) {
  const std::int8_t* values = w.values + row * w.cols;
  Floats both[kRowsAtOnce][B];
  for (auto& sums : both)
    for (Floats& sum : sums) sum = set1(0);
  std::int64_t c = 0;
  for (int r = 0; r < R; ++r) c = row_of<B>(values + r * w.cols, w.cols, x, both[r]);
#pragma GCC unroll 2
  for (int b = 0; b < B; ++b) {
    float sums[4];
    sum_four(both[0][b], both[1][b], both[2][b], both[3][b], sums);
    for (int r = 0; r < R; ++r) {
      std::int32_t rest_high = 0, rest_low = 0;
      add_rest(values + r * w.cols, c, w.cols, x[b], rest_high, rest_low);
      y[b * y_stride + r] = finish(sums[r] + 128.0f * float(rest_high) + float(rest_low),
                                   w.sum[row + r], w.scale[row + r] * x[b].scale);
    }
  }
}

template <int B>
void all_rows(const Int8Rows& w, std::int64_t first, std::int64_t count, const DigitsView* x,
              float* y, std::int64_t y_stride) {
  std::int64_t r = 0;
  for (; r + kRowsAtOnce <= count; r += kRowsAtOnce)
    rows_of<kRowsAtOnce, B>(w, first + r, x, y + r, y_stride);
  for (; r < count; ++r) rows_of<1, B>(w, first + r, x, y + r, y_stride);
}

void multiply(const Int8Rows& w, std::int64_t first, std::int64_t count, const DigitsView* x,
              int batch, float* y, std::int64_t y_stride) {
  (batch == 1 ? all_rows<1> : all_rows<2>)(w, first, count, x, y, y_stride);
}

}  // namespace
}  // namespace chatterbox
