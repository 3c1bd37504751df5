// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/int8_rows.h"

#include <algorithm>
#include <cmath>

#include "nn/int8_rows_sums.h"

namespace chatterbox {
namespace {

float set_portable(const float* x, std::int64_t size, std::uint8_t* high, std::uint8_t* low) {
  float most = 0;
  for (std::int64_t i = 0; i < size; ++i) most = std::max(most, std::abs(x[i]));
  const float inverse = most > 0 ? kMostOfDigits / most : 0.0f;
  for (std::int64_t i = 0; i < size; ++i) {
    const auto whole = std::int32_t(x[i] * inverse + (x[i] < 0 ? -0.5f : 0.5f)) + kDigitsOffset;
    high[i] = std::uint8_t(whole >> 7);
    low[i] = std::uint8_t(whole & 127);
  }
  return most / kMostOfDigits;
}

// One row at a time; vectors are the compiler's business.
void multiply_portable(const Int8Rows& w, std::int64_t first, std::int64_t count,
                       const DigitsView* x, int batch, float* y, std::int64_t y_stride) {
  for (std::int64_t r = first; r < first + count; ++r) {
    for (int b = 0; b < batch; ++b) {
      std::int32_t high = 0, low = 0;
      add_rest(w.values + r * w.cols, 0, w.cols, x[b], high, low);
      y[b * y_stride + (r - first)] =
          finish(128.0f * float(high) + float(low), w.sum[r], w.scale[r] * x[b].scale);
    }
  }
}

constexpr Int8Kernels kInt8Portable = {set_portable, multiply_portable};

const Int8Kernels& kernels_of(Int8Isa isa) {
#if defined(__x86_64__)
  if (isa == Int8Isa::kAvx512Vnni) return kInt8Vnni;
  if (isa == Int8Isa::kAvx2) return kInt8Avx2;
#endif
  return kInt8Portable;
}

}  // namespace

void Digits::resize(std::int64_t size) {
  high_.resize(std::size_t(size));
  low_.resize(std::size_t(size));
}

void Digits::set(const float* x, std::int64_t size, Int8Isa isa) {
  scale_ = kernels_of(isa).set_digits(x, size, high_.data(), low_.data());
}

bool supports(Int8Isa isa) {
  switch (isa) {
    case Int8Isa::kPortable:
      return true;
#if defined(__x86_64__)
    case Int8Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Int8Isa::kAvx512Vnni:
      return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
#endif
    default:
      return false;
  }
}

Int8Isa best_int8_isa() {
  static const Int8Isa best = supports(Int8Isa::kAvx512Vnni) ? Int8Isa::kAvx512Vnni
                              : supports(Int8Isa::kAvx2)     ? Int8Isa::kAvx2
                                                             : Int8Isa::kPortable;
  return best;
}

void multiply_rows(Int8Isa isa, const Int8Rows& w, std::int64_t first, std::int64_t count,
                   const Digits* x, int batch, float* y, std::int64_t y_stride) {
  const DigitsView views[2] = {x[0].view(), x[batch - 1].view()};
  kernels_of(isa).multiply(w, first, count, views, batch, y, y_stride);
}

}  // namespace chatterbox
