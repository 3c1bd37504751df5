// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// For files that are compiled for one instruction set.
#pragma once

#include "nn/simd/products.h"

namespace chatterbox {
namespace {

// Multiplies a tile from the first cache again and again; returns how many
// multiplications and additions these were.
template <class P>
std::int64_t multiply_again(int repeats) {
  constexpr int kWords = 64, kStride = kWords * 4;
  alignas(64) static thread_local char left[kTileRows * kStride];
  alignas(64) static thread_local char right[kWords * kTileColumns * 4];
  typename P::Sum sums[kTileRows][kTileVectors] = {};
  for (int i = 0; i < repeats; ++i) multiply_tile<P>(left, kStride, right, kWords, sums);
  // Somebody needs all of them, as far as the compiler knows.
  for (auto& row : sums)
    for (auto& sum : row) asm volatile("" : : "v"(sum));
  return std::int64_t(2) * repeats * kTileRows * kTileColumns * kWords * P::kGroup;
}

}  // namespace
}  // namespace chatterbox
