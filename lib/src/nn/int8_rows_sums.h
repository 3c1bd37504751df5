// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "nn/int8_rows.h"

namespace chatterbox {

// One instruction set's product; see multiply_rows().
using MultiplyInt8Rows = void (*)(const Int8Rows& w, std::int64_t first, std::int64_t count,
                                  const Digits* x, int batch, float* y, std::int64_t y_stride);
#if defined(__x86_64__)
extern const MultiplyInt8Rows kMultiplyInt8RowsAvx2;
extern const MultiplyInt8Rows kMultiplyInt8RowsVnni;
#endif

// Sums of one row with both digits of a vector, to what the row stands for.
inline float finish(std::int32_t high, std::int32_t low, std::int32_t row_sum, float scale) {
  constexpr std::int32_t kMiddle = 64;  // what a high digit has too much
  return scale * (128.0f * float(high - kMiddle * row_sum) + float(low));
}

// From column c on, what is left of a row.
inline void add_rest(const std::int8_t* w, std::int64_t c, std::int64_t cols, const Digits& x,
                     std::int32_t& high, std::int32_t& low) {
  for (; c < cols; ++c) {
    high += std::int32_t(w[c]) * x.high()[c];
    low += std::int32_t(w[c]) * x.low()[c];
  }
}

}  // namespace chatterbox
