// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Rows of a stored matrix to a panel of products.h, for files that are compiled for one
// instruction set.
#pragma once

#include "nn/simd/vectors.h"
#include "nn/storage_types.h"

namespace chatterbox {
namespace {

SIMD Floats widen(const float* from) { return load(from); }
#if defined(__AVX512F__)
SIMD Floats widen(const BFloat* from) { return load_as(&from->bits); }
SIMD Floats widen(const Half* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
#else
SIMD Floats widen(const BFloat* from) {
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
SIMD Floats widen(const Half* from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
#endif

// Loads up to kWidth consecutive numbers of at most 32 bits as floats.
template <class W>
SIMD float widen_one(const W* from) {
  alignas(64) W some[kWidth] = {};
  some[0] = *from;
  alignas(64) float wide[kWidth];
  store(wide, widen(some));
  return wide[0];
}

// True when numbers stored as W already form words of `group`; else they are widened to floats.
template <class W, int group>
constexpr bool kStoredAsWords = sizeof(W) * group == 4;

// Word `word` of a row of `depth` numbers; what lies behind the last is zero.
template <class W, int group>
SIMD std::int32_t word_of(const W* row, int depth, int word) {
  std::int32_t bits = 0;
  if constexpr (kStoredAsWords<W, group>) {
    const int first = word * group;
    __builtin_memcpy(&bits, row + first, std::size_t(smaller(group, depth - first)) * sizeof(W));
  } else {
    const float wide = widen_one(row + word);
    __builtin_memcpy(&bits, &wide, sizeof bits);
  }
  return bits;
}

// kWidth rows of kWidth words, `depth` numbers apart, to columns.
template <class W, int group>
SIMD void pack_square(const W* from, int depth, std::int32_t* to) {
  if constexpr (kStoredAsWords<W, group>) {
    transpose(reinterpret_cast<const std::int32_t*>(from), std::size_t(depth / group), to,
              kTileColumns);
  } else {
    alignas(64) std::int32_t square[kWidth * kWidth];
    for (int i = 0; i < kWidth; ++i)
      store(reinterpret_cast<float*>(square + i * kWidth), widen(from + std::int64_t(i) * depth));
    transpose(square, kWidth, to, kTileColumns);
  }
}

// Words [begin, begin + words) of `count` rows of `depth` numbers, the rows as columns; the
// other columns are zero.
template <class W, int group>
void pack(const W* rows, int depth, int count, int begin, int words, std::int32_t* panel) {
  // Whole words of all rows lie evenly in memory.
  const bool even = !kStoredAsWords<W, group> || depth % group == 0;
  for (int column = 0; column < kTileColumns; column += kWidth) {
    const W* from = rows + std::int64_t(column) * depth;
    const int wanted = smaller(kWidth, count - column);
    int word = 0;
    if (wanted == kWidth && even)
      for (; word + kWidth <= words; word += kWidth)
        pack_square<W, group>(from + (begin + word) * group, depth,
                              panel + word * kTileColumns + column);
    for (; word < words; ++word)
      for (int i = 0; i < kWidth; ++i)
        panel[word * kTileColumns + column + i] =
            i < wanted ? word_of<W, group>(from + std::int64_t(i) * depth, depth, begin + word) : 0;
  }
}

}  // namespace
}  // namespace chatterbox
