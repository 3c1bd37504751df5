// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#if defined(__x86_64__)

// Intrinsics of gcc 12 leave lanes undefined on purpose and are warned about.
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "nn/int8_rows_sums.h"

namespace chatterbox {
namespace {

#define CHATTERBOX_TARGET __attribute__((target("avx2")))
#define SIMD CHATTERBOX_TARGET inline __attribute__((always_inline))

using Vector = __m256i;
constexpr int kBytes = 32;

SIMD Vector zero() { return _mm256_setzero_si256(); }
SIMD Vector load(const void* x) { return _mm256_loadu_si256(static_cast<const Vector*>(x)); }
// Digits have 7 bits, so that sums of two products fit into 16.
SIMD void dot(Vector& sum, Vector digits, Vector weights) {
  const Vector pairs = _mm256_maddubs_epi16(digits, weights);
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
SIMD std::int32_t add_up(Vector x) {
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
  return _mm_cvtsi128_si32(half);
}

#include "nn/int8_rows_body.h"

}  // namespace

const MultiplyInt8Rows kMultiplyInt8RowsAvx2 = multiply;

}  // namespace chatterbox

#endif
