// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#if defined(__x86_64__)

// Intrinsics of gcc 12 leave lanes undefined on purpose and are warned about.
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/kernels.h"
#include "nn/storage_types.h"

namespace chatterbox {
namespace {

#define CHATTERBOX_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define SIMD CHATTERBOX_TARGET inline __attribute__((always_inline))

using Vector = __m512;
constexpr int kWidth = 16;
constexpr int kTileRows = 12;

SIMD Vector zero() { return _mm512_setzero_ps(); }
SIMD Vector set1(float x) { return _mm512_set1_ps(x); }
SIMD Vector load(const float* x) { return _mm512_loadu_ps(x); }
SIMD void load_alternate(const BFloat* x, Vector& even, Vector& odd) {
  const __m512i stored = _mm512_loadu_si512(x);
  even = _mm512_castsi512_ps(_mm512_slli_epi32(stored, 16));
  odd = _mm512_castsi512_ps(_mm512_and_si512(stored, _mm512_set1_epi32(int(0xffff0000))));
}
SIMD Vector load(const BFloat* x) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
SIMD void deinterleave(Vector& a, Vector& b) {
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  const Vector first = _mm512_permutex2var_ps(a, even, b);
  b = _mm512_permutex2var_ps(a, odd, b);
  a = first;
}
SIMD Vector load(const Half* x) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
}
SIMD void store(float* x, Vector a) { _mm512_storeu_ps(x, a); }
SIMD Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
SIMD Vector mul(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
SIMD Vector divide(Vector a, Vector b) { return _mm512_div_ps(a, b); }
SIMD Vector min(Vector a, Vector b) { return _mm512_min_ps(a, b); }
SIMD Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
SIMD Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
SIMD float sum(Vector a) {
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  quarter = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)));
}
SIMD Vector round(Vector a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
SIMD Vector exp_parts(Vector x, Vector& whole) {
  whole = round(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341f)));
  return _mm512_scalef_ps(_mm512_set1_ps(1.0f), whole);
}

#include "nn/kernels_body.h"

}  // namespace

const Kernels kAvx512Kernels = {
    .name = "avx512",
    .dot_rows = {dot_rows<float>, dot_rows<BFloat>, dot_rows<Half>},
    .weighted_sum = {weighted_sum<float>, weighted_sum<BFloat>},
    .softmax = softmax,
    .silu_multiply = silu_multiply,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .gelu_tanh = gelu_tanh,
    .tile_rows = kTileRows,
    .tile_columns = 2 * kWidth,
    .tiles = kTiles.data(),
    .exp_below_peak = exp_below_peak,
    .snake = snake,
};

}  // namespace chatterbox

#endif
