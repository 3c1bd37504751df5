// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Vectors of the instruction set that a file is compiled for. Only files that
// the build compiles for one set alone include this and what lies beside it: all
// of it has internal linkage and uses no inline function of a library, of which
// the linker could keep the one copy that other processors do not run.
#pragma once

// Intrinsics of gcc 12 leave lanes undefined on purpose and are warned about.
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#define SIMD inline __attribute__((always_inline))

#if defined(__AVX512F__)
#include "nn/simd/vectors_avx512.h"
#else
#include "nn/simd/vectors_avx2.h"
#endif

namespace chatterbox {
namespace {

// Columns of a tile of a product.
constexpr int kTileColumns = kTileVectors * kWidth;

// Stored bits of a bfloat16.
using Brain = std::uint16_t;

SIMD void store_as(float* to, Floats x) { store(to, x); }
SIMD Floats load_as(const float* from) { return load(from); }

// Prefetches rows that lie too far apart for the processor's own prefetching.
SIMD void fetch_rows(const void* from, std::size_t stride, int rows, int bytes) {
  const char* row = static_cast<const char*>(from);
  for (int i = 0; i < rows; ++i, row += stride)
    for (int b = 0; b < bytes; b += 64) __builtin_prefetch(row + b);
}

SIMD int smaller(int a, int b) { return a < b ? a : b; }
SIMD int larger(int a, int b) { return a > b ? a : b; }
SIMD float larger(float a, float b) { return a > b ? a : b; }
SIMD int round_up(int value, int unit) { return (value + unit - 1) / unit * unit; }

}  // namespace
}  // namespace chatterbox
