// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

namespace chatterbox {
namespace {

using Floats = __m512;
using Ints = __m512i;
constexpr int kWidth = 16;
// Of 32 registers 24 hold sums, 4 a row of the right operand and one the left.
constexpr int kTileRows = 6;
constexpr int kTileVectors = 4;

SIMD Floats set1(float x) { return _mm512_set1_ps(x); }
SIMD Ints set1i(int x) { return _mm512_set1_epi32(x); }
SIMD Floats load(const float* p) { return _mm512_loadu_ps(p); }
SIMD Ints loadi(const void* p) { return _mm512_loadu_si512(p); }
SIMD void store(float* p, Floats x) { _mm512_storeu_ps(p, x); }
SIMD void storei(void* p, Ints x) { _mm512_storeu_si512(p, x); }
SIMD Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
SIMD Floats sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
SIMD Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
SIMD Floats divide(Floats a, Floats b) { return _mm512_div_ps(a, b); }
SIMD Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
SIMD Floats max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
SIMD Floats min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
SIMD Floats abs(Floats a) { return _mm512_abs_ps(a); }
SIMD Floats round(Floats a) { return _mm512_roundscale_ps(a, 0); }
SIMD Floats to_floats(Ints a) { return _mm512_cvtepi32_ps(a); }
SIMD Ints to_ints(Floats a) { return _mm512_cvtps_epi32(a); }
SIMD Ints addi(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
SIMD Ints andi(Ints a, Ints b) { return _mm512_and_si512(a, b); }
SIMD Ints ori(Ints a, Ints b) { return _mm512_or_si512(a, b); }
SIMD Ints shift_left(Ints a, int bits) { return _mm512_sll_epi32(a, _mm_cvtsi32_si128(bits)); }
// Bytes widened with their sign.
SIMD Ints shift_right(Ints a, int bits) { return _mm512_sra_epi32(a, _mm_cvtsi32_si128(bits)); }
SIMD float sum(Floats a) { return _mm512_reduce_add_ps(a); }
SIMD float largest(Floats a) { return _mm512_reduce_max_ps(a); }
SIMD float first(Floats a) { return _mm512_cvtss_f32(a); }
SIMD int sumi(Ints a) { return _mm512_reduce_add_epi32(a); }
// About 1 / x, to 14 bits.
SIMD Floats reciprocal(Floats a) { return _mm512_rcp14_ps(a); }
// x 2^n for whole n.
SIMD Floats scale_by_power(Floats x, Floats n) { return _mm512_scalef_ps(x, n); }
// The first `count` lanes, and zero in the others.
SIMD Floats keep_first(Floats x, int count) {
  if (count >= kWidth) return x;
  return _mm512_maskz_mov_ps(__mmask16(count <= 0 ? 0 : (1u << count) - 1), x);
}
// The first `count` lanes of x, and those of y after them.
SIMD Floats join_at(int count, Floats x, Floats y) {
  if (count >= kWidth) return x;
  return _mm512_mask_mov_ps(y, __mmask16(count <= 0 ? 0 : (1u << count) - 1), x);
}

SIMD Floats load_as(const std::uint16_t* from) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
#if defined(__AVX512BF16__)
SIMD void store_as(std::uint16_t* to, Floats x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(x));
}
#endif
// Sums of four products of bytes with signed bytes, while those of two fit into 16 bits.
SIMD Ints multiply_bytes(Ints a, Ints b) {
  return _mm512_madd_epi16(_mm512_maddubs_epi16(a, b), _mm512_set1_epi16(1));
}
// The lowest byte of each lane.
SIMD void store_bytes(std::uint8_t* to, Ints x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(x));
}

template <int bits>
SIMD Ints shift_right(Ints a) {
  return _mm512_srai_epi32(a, bits);
}
SIMD Ints and_bits(Ints a, Ints b) { return _mm512_and_si512(a, b); }
SIMD __m256 add_halves(Floats a) {
  return _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
}
// The sums of four vectors, one after the other.
SIMD void sum_four(Floats a, Floats b, Floats c, Floats d, float* to) {
  const __m256 each = _mm256_hadd_ps(_mm256_hadd_ps(add_halves(a), add_halves(b)),
                                     _mm256_hadd_ps(add_halves(c), add_halves(d)));
  _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(each), _mm256_extractf128_ps(each, 1)));
}

// kWidth rows of as many words, `from_stride` words apart, to columns.
SIMD void transpose(const std::int32_t* from, std::size_t from_stride, std::int32_t* to,
                    std::size_t to_stride) {
  Ints r[16], t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) r[i] = loadi(from + std::size_t(i) * from_stride);
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  // r[4 i + c]: column c of each quarter, rows 4 i to 4 i + 3.
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const Ints a = _mm512_shuffle_i32x4(r[c], r[4 + c], 0x88);
    const Ints b = _mm512_shuffle_i32x4(r[c], r[4 + c], 0xdd);
    const Ints d = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0x88);
    const Ints e = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0xdd);
    storei(to + std::size_t(c) * to_stride, _mm512_shuffle_i32x4(a, d, 0x88));
    storei(to + std::size_t(8 + c) * to_stride, _mm512_shuffle_i32x4(a, d, 0xdd));
    storei(to + std::size_t(4 + c) * to_stride, _mm512_shuffle_i32x4(b, e, 0x88));
    storei(to + std::size_t(12 + c) * to_stride, _mm512_shuffle_i32x4(b, e, 0xdd));
  }
}

}  // namespace
}  // namespace chatterbox
