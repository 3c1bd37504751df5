// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#if defined(__x86_64__)

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

#define CHATTERBOX_TARGET __attribute__((target("avx2,fma,f16c")))
#define SIMD CHATTERBOX_TARGET inline __attribute__((always_inline))

using Vector = __m256;
constexpr int kWidth = 8;
constexpr int kTileRows = 6;

SIMD Vector zero() { return _mm256_setzero_ps(); }
SIMD Vector set1(float x) { return _mm256_set1_ps(x); }
SIMD Vector load(const float* x) { return _mm256_loadu_ps(x); }
SIMD void load_alternate(const BFloat* x, Vector& even, Vector& odd) {
  const __m256i stored = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  even = _mm256_castsi256_ps(_mm256_slli_epi32(stored, 16));
  odd = _mm256_castsi256_ps(_mm256_and_si256(stored, _mm256_set1_epi32(int(0xffff0000))));
}
SIMD Vector load(const BFloat* x) {
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
// The quarters that shuffle_ps leaves out of order, in order.
SIMD Vector in_order(Vector a) {
  return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(a), 0xd8));
}
SIMD void deinterleave(Vector& a, Vector& b) {
  const Vector even = in_order(_mm256_shuffle_ps(a, b, 0x88));
  b = in_order(_mm256_shuffle_ps(a, b, 0xdd));
  a = even;
}
SIMD Vector load(const Half* x) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
}
SIMD void store(float* x, Vector a) { _mm256_storeu_ps(x, a); }
SIMD Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
SIMD Vector mul(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
SIMD Vector divide(Vector a, Vector b) { return _mm256_div_ps(a, b); }
SIMD Vector min(Vector a, Vector b) { return _mm256_min_ps(a, b); }
SIMD Vector max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
SIMD Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
SIMD float sum(Vector a) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}
SIMD Vector round(Vector a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
SIMD Vector exp_parts(Vector x, Vector& whole) {
  whole = round(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504088896341f)));
  const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(whole), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}

#include "nn/kernels_body.h"

}  // namespace

const Kernels kAvx2Kernels = {
    .name = "avx2",
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
