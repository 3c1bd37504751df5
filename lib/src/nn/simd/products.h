// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Matrix products from tiles that stay in registers, in three precisions that
// differ in one instruction. The left operand is row-major; 32 bits of it, which
// are one float, two bfloat16 or four bytes along the inner dimension, are broadcast. The right
// operand is packed: panels of kTileColumns columns, in each panel for every 32
// bits of the inner dimension the words of all columns. See PackedLinear.
#pragma once

#include "nn/simd/vectors.h"

namespace chatterbox {
namespace {

struct FloatProducts {
  using Number = float;
  using Sum = Floats;
  static constexpr int kGroup = 1;  // numbers to a word
  static SIMD Floats word(const char* p) { return load(reinterpret_cast<const float*>(p)); }
  static SIMD Floats broadcast(const char* p) { return set1(*reinterpret_cast<const float*>(p)); }
  static SIMD Floats multiply_add(Floats a, Floats b, Floats c) { return fma(a, b, c); }
};

#if defined(__AVX512BF16__)
// Sums are float32.
struct BrainProducts {
  using Number = Brain;
  using Sum = Floats;
  static constexpr int kGroup = 2;
  static SIMD Ints word(const char* p) { return loadi(p); }
  static SIMD Ints broadcast(const char* p) {
    return set1i(*reinterpret_cast<const std::int32_t*>(p));
  }
  static SIMD Floats multiply_add(Ints a, Ints b, Floats c) {
    return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b);
  }
};
#endif

// Bytes from zero on times signed bytes, in whole numbers.
struct ByteProducts {
  using Number = std::uint8_t;
  using Sum = Ints;
  static constexpr int kGroup = 4;
  static SIMD Ints word(const char* p) { return loadi(p); }
  static SIMD Ints broadcast(const char* p) {
    return set1i(*reinterpret_cast<const std::int32_t*>(p));
  }
#if defined(__AVX512VNNI__)
  static constexpr int kLevels = 255, kZero = 128;  // of the left operand
  // In assembly, as gcc 12 keeps the sums of _mm512_dpbusd_epi32() in memory.
  static SIMD Ints multiply_add(Ints a, Ints b, Ints c) {
    asm("vpdpbusd %2, %1, %0" : "+v"(c) : "v"(a), "v"(b));
    return c;
  }
#else
  // Sums of two products are kept in 16 bits, which seven bits on the left do not exceed.
  static constexpr int kLevels = 127, kZero = 64;
  static SIMD Ints multiply_add(Ints a, Ints b, Ints c) { return addi(c, multiply_bytes(a, b)); }
#endif
};

// sums += a b for `rows` rows of a, `stride` bytes apart, and the first `vectors` vectors of
// columns of a panel b, of `words` words to a column. Always in the order of the inner dimension,
// so that a row's result does not depend on the rows beside it.
template <class P, int rows, int vectors>
SIMD void multiply_tile(const char* a, std::size_t stride, const char* b, int words,
                        typename P::Sum (&sums)[rows][vectors]) {
  for (int k = 0; k < words; ++k, a += 4, b += 4 * kTileColumns) {
    decltype(P::word(b)) right[vectors];
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) right[j] = P::word(b + 4 * j * kWidth);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const auto left = P::broadcast(a + std::size_t(i) * stride);
#pragma GCC unroll 4
      for (int j = 0; j < vectors; ++j) sums[i][j] = P::multiply_add(left, right[j], sums[i][j]);
    }
  }
}

}  // namespace
}  // namespace chatterbox
