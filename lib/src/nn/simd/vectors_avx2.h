// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

namespace chatterbox {
namespace {

using Floats = __m256;
using Ints = __m256i;
constexpr int kWidth = 8;
// Of 16 registers 12 hold sums, 2 a row of the right operand and one the left.
constexpr int kTileRows = 6;
constexpr int kTileVectors = 2;

SIMD Floats set1(float x) { return _mm256_set1_ps(x); }
SIMD Ints set1i(int x) { return _mm256_set1_epi32(x); }
SIMD Floats load(const float* p) { return _mm256_loadu_ps(p); }
SIMD Ints loadi(const void* p) { return _mm256_loadu_si256(static_cast<const Ints*>(p)); }
SIMD void store(float* p, Floats x) { _mm256_storeu_ps(p, x); }
SIMD void storei(void* p, Ints x) { _mm256_storeu_si256(static_cast<Ints*>(p), x); }
SIMD Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
SIMD Floats sub(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
SIMD Floats mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
SIMD Floats divide(Floats a, Floats b) { return _mm256_div_ps(a, b); }
SIMD Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
SIMD Floats max(Floats a, Floats b) { return _mm256_max_ps(a, b); }
SIMD Floats min(Floats a, Floats b) { return _mm256_min_ps(a, b); }
SIMD Floats abs(Floats a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
SIMD Floats round(Floats a) { return _mm256_round_ps(a, 0x08); }
SIMD Floats to_floats(Ints a) { return _mm256_cvtepi32_ps(a); }
SIMD Ints to_ints(Floats a) { return _mm256_cvtps_epi32(a); }
SIMD Ints addi(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
SIMD Ints andi(Ints a, Ints b) { return _mm256_and_si256(a, b); }
SIMD Ints ori(Ints a, Ints b) { return _mm256_or_si256(a, b); }
SIMD Ints shift_left(Ints a, int bits) { return _mm256_sll_epi32(a, _mm_cvtsi32_si128(bits)); }
// Bytes widened with their sign.
SIMD Ints shift_right(Ints a, int bits) { return _mm256_sra_epi32(a, _mm_cvtsi32_si128(bits)); }
SIMD float sum(Floats a) {
  __m128 x = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  x = _mm_add_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}
SIMD float largest(Floats a) {
  __m128 x = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  x = _mm_max_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}
SIMD float first(Floats a) { return _mm256_cvtss_f32(a); }
SIMD int sumi(Ints a) {
  __m128i x = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(x, _mm_shuffle_epi32(x, 0xb1)));
}
SIMD Floats reciprocal(Floats a) { return divide(set1(1.0f), a); }
// x 2^n for whole n from -126 on.
SIMD Floats scale_by_power(Floats x, Floats n) {
  return _mm256_castsi256_ps(
      _mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}
// The first `count` lanes, and zero in the others.
SIMD Floats keep_first(Floats x, int count) {
  const Ints lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_cmpgt_epi32(set1i(count), lane)));
}
// The first `count` lanes of x, and those of y after them.
SIMD Floats join_at(int count, Floats x, Floats y) {
  const Ints lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_blendv_ps(y, x, _mm256_castsi256_ps(_mm256_cmpgt_epi32(set1i(count), lane)));
}

// Sums of four products of bytes with signed bytes, while those of two fit into 16 bits.
SIMD Ints multiply_bytes(Ints a, Ints b) {
  return _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1));
}
// The lowest byte of each lane.
SIMD void store_bytes(std::uint8_t* to, Ints x) {
  const Ints pick = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0,
                                     4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  const Ints bytes = _mm256_shuffle_epi8(x, pick);
  const __m128i all =
      _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), all);
}

template <int bits>
SIMD Ints shift_right(Ints a) {
  return _mm256_srai_epi32(a, bits);
}
SIMD Ints and_bits(Ints a, Ints b) { return _mm256_and_si256(a, b); }
// The sums of four vectors, one after the other.
SIMD void sum_four(Floats a, Floats b, Floats c, Floats d, float* to) {
  const Floats each = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(each), _mm256_extractf128_ps(each, 1)));
}

// kWidth rows of as many words, `from_stride` words apart, to columns.
SIMD void transpose(const std::int32_t* from, std::size_t from_stride, std::int32_t* to,
                    std::size_t to_stride) {
  Ints r[8], t[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) r[i] = loadi(from + std::size_t(i) * from_stride);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = _mm256_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  // r[4 i + c]: column c of each half, rows 4 i to 4 i + 3.
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    r[4 * i] = _mm256_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm256_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm256_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm256_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    storei(to + std::size_t(c) * to_stride, _mm256_permute2x128_si256(r[c], r[4 + c], 0x20));
    storei(to + std::size_t(4 + c) * to_stride, _mm256_permute2x128_si256(r[c], r[4 + c], 0x31));
  }
}

}  // namespace
}  // namespace chatterbox
