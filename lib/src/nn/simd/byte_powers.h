// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "nn/simd/functions.h"
#include "nn/simd/products.h"

namespace chatterbox {
namespace {

// Steps of byte_powers() per power of two.
constexpr int kPowerSteps = 64;
// Steps after which the power is zero, and the most that a 16-bit word holds.
constexpr float kNoPower = 65535;

#if defined(__AVX512F__)
struct PowerTable {
  std::uint16_t words[kPowerSteps];
};
// ByteProducts::kLevels 2^(-i / kPowerSteps), with eight bits behind the point.
constexpr PowerTable make_power_table() {
  constexpr double kStep = 0.98922801319397548;  // 2^(-1 / kPowerSteps)
  PowerTable table{};
  double power = 256.0 * ByteProducts::kLevels;
  for (std::uint16_t& word : table.words) {
    word = std::uint16_t(power + 0.5);
    power *= kStep;
  }
  return table;
}
alignas(64) constexpr PowerTable kPowerTable = make_power_table();
#endif

// A panel's bytes of ByteProducts::kLevels 2^(-x / kPowerSteps) for x from zero on;
// adds them to `total`.
SIMD void byte_powers(std::uint8_t* to, const Floats (&x)[kTileVectors], Ints& total) {
#if defined(__AVX512F__)
  const Ints low = loadi(kPowerTable.words), high = loadi(kPowerTable.words + kPowerSteps / 2);
  Ints halves[2];
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    // Steps as words; the largest ones become zero.
    const Ints steps = _mm512_packus_epi32(to_ints(x[2 * i]), to_ints(x[2 * i + 1]));
    const Ints power =
        _mm512_srlv_epi16(_mm512_permutex2var_epi16(low, steps, high), _mm512_srli_epi16(steps, 6));
    halves[i] = _mm512_srli_epi16(_mm512_add_epi16(power, _mm512_set1_epi16(128)), 8);
  }
  // Packing works within each quarter, which leaves every fourth group of four in a row.
  const Ints order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const Ints bytes = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(halves[0], halves[1]));
  storei(to, bytes);
  total = ByteProducts::multiply_add(bytes, _mm512_set1_epi8(1), total);
#else
  constexpr float kBinaryLevels = 6.98868469f;
  static_assert(ByteProducts::kLevels == 127);
#pragma GCC unroll 2
  for (int j = 0; j < kTileVectors; ++j) {
    const Floats exponent = fma(x[j], set1(-1.0f / kPowerSteps), set1(kBinaryLevels));
    const Ints power = to_ints(exp2<Accuracy::kBrain>(exponent));
    store_bytes(to + j * kWidth, power);
    total = addi(total, power);
  }
#endif
}

}  // namespace
}  // namespace chatterbox
