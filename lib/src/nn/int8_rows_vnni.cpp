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

#define CHATTERBOX_TARGET \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define SIMD CHATTERBOX_TARGET inline __attribute__((always_inline))

using Vector = __m512i;
constexpr int kBytes = 64;

SIMD Vector zero() { return _mm512_setzero_si512(); }
SIMD Vector load(const void* x) { return _mm512_loadu_si512(x); }
SIMD void dot(Vector& sum, Vector digits, Vector weights) {
  // gcc 12 keeps the sums of the intrinsic in memory.
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(digits), "v"(weights));
}
SIMD std::int32_t add_up(Vector x) { return _mm512_reduce_add_epi32(x); }

#include "nn/int8_rows_body.h"

}  // namespace

const MultiplyInt8Rows kMultiplyInt8RowsVnni = multiply;

}  // namespace chatterbox

#endif
