// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "nn/int8_rows.h"

namespace chatterbox {

// Largest integer of 14 bits with sign, and the offset that makes such integers unsigned.
constexpr float kMostOfDigits = 8191;
constexpr std::int32_t kDigitsOffset = 1 << 13;

// Functions of one instruction set; see Digits and multiply_rows().
struct Int8Kernels {
  // Returns the scale.
  float (*set_digits)(const float* x, std::int64_t size, std::uint8_t* high, std::uint8_t* low);
  void (*multiply)(const Int8Rows& w, std::int64_t first, std::int64_t count, const DigitsView* x,
                   int batch, float* y, std::int64_t y_stride);
};
#if defined(__x86_64__)
extern const Int8Kernels kInt8Avx2;
extern const Int8Kernels kInt8Vnni;
#endif

namespace {

// Product of a row and a vector: `sum` is 128 times the sum with high digits plus that with low
// ones.
inline __attribute__((always_inline)) float finish(float sum, std::int32_t row_sum, float scale) {
  constexpr float kMiddle = 128.0f * 64;  // excess of the high digits
  return scale * (sum - kMiddle * float(row_sum));
}

// Adds the columns of a row from c on, which are fewer than a vector.
inline __attribute__((always_inline)) void add_rest(const std::int8_t* w, std::int64_t c,
                                                    std::int64_t cols, const DigitsView& x,
                                                    std::int32_t& high, std::int32_t& low) {
  for (; c < cols; ++c) {
    high += std::int32_t(w[c]) * x.high[c];
    low += std::int32_t(w[c]) * x.low[c];
  }
}

}  // namespace
}  // namespace chatterbox
