// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Products of many vectors with stored rows, for files that are compiled for one instruction
// set.
#pragma once

#include "nn/simd/multiply.h"
#include "nn/wide_pack.h"
#include "nn/wide_product_table.h"

namespace chatterbox {
namespace {

// Words of a panel that are reordered at once: together with their operands, part of the second
// cache level.
constexpr int kBlockWords = 512;

SIMD int words_of(int depth, int group) { return (depth + group - 1) / group; }
// Stride of an operand in numbers: whole cache lines.
template <class Number>
SIMD int stride_of(int depth) {
  return round_up(depth, 64 / int(sizeof(Number)));
}
SIMD int with_slack(int vectors) { return round_up(vectors, kTileRows); }

SIMD std::size_t scratch_of(int vectors, int sets_of_sums) {
  return sizeof(std::int32_t) *
         (std::size_t(with_slack(vectors)) * kTileColumns * std::size_t(sets_of_sums) +
          std::size_t(kBlockWords) * kTileColumns);
}

// sums (vectors, kTileColumns) += operands times a block of a panel; the first block begins
// them.
template <class P>
SIMD void add_block(const char* operand, std::size_t stride, const std::int32_t* panel, int words,
                    bool begin, std::int32_t* sums) {
  typename P::Sum tile[kTileRows][kTileVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      const Ints before = begin ? set1i(0) : loadi(sums + i * kTileColumns + j * kWidth);
      tile[i][j] = (typename P::Sum)before;
    }
  multiply_tile<P>(operand, stride, reinterpret_cast<const char*>(panel), words, tile);
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j)
      storei(sums + i * kTileColumns + j * kWidth, (Ints)tile[i][j]);
}

// Numbers of a floating-point type P, for matrices stored as W.
template <class P, class W>
struct FloatingProduct {
  using Number = typename P::Number;

  static std::size_t operand_bytes(int vectors, int depth) {
    return std::size_t(with_slack(vectors)) * std::size_t(stride_of<Number>(depth)) *
           sizeof(Number);
  }

  static void prepare(const float* x, int depth, int index, int, void* operands) {
    const int stride = stride_of<Number>(depth);
    Number* to = static_cast<Number*>(operands) + std::size_t(index) * std::size_t(stride);
    for (int c = 0; c < stride; c += kWidth)
      store_as(to + c, c < depth ? keep_first(load(x + c), depth - c) : set1(0));
  }

  static std::size_t scratch_bytes(int vectors, int) { return scratch_of(vectors, 1); }

  static const float* multiply(const void* operands, int vectors, const StoredRows& w,
                               std::int64_t first, int count, void* scratch) {
    std::int32_t* sums = static_cast<std::int32_t*>(scratch);
    std::int32_t* panel = sums + with_slack(vectors) * kTileColumns;
    const int depth = int(w.cols), words = words_of(depth, P::kGroup);
    const std::size_t stride = std::size_t(stride_of<Number>(depth)) * sizeof(Number);
    for (int begin = 0; begin < words; begin += kBlockWords) {
      const int block = smaller(kBlockWords, words - begin);
      pack<W, P::kGroup>(static_cast<const W*>(w.data) + first * w.cols, depth, count, begin, block,
                         panel);
      for (int i = 0; i < vectors; i += kTileRows)
        add_block<P>(
            static_cast<const char*>(operands) + std::size_t(i) * stride + std::size_t(begin) * 4,
            stride, panel, block, begin == 0, sums + i * kTileColumns);
    }
    return reinterpret_cast<const float*>(sums);
  }
};

// Byte products, for matrices of int8. A vector becomes bytes and a scale; a vector with a few
// numbers much larger than the rest gets a second byte per number, which holds the first one's
// rounding error.
struct ByteProduct {
  // Largest rounding error of a vector without second bytes, as a share of its root mean square.
  static constexpr float kMostRounding = 0.015f;
  static constexpr float kSteps = float(ByteProducts::kLevels / 2);

  // Rows of first bytes, of second bytes, and scales of both; a second scale of zero says that
  // all second bytes are zero.
  struct Layout {
    Layout(const void* operands, int vectors, int depth)
        : stride(std::size_t(stride_of<std::uint8_t>(depth))),
          first(const_cast<std::uint8_t*>(static_cast<const std::uint8_t*>(operands))),
          second(first + std::size_t(with_slack(vectors)) * stride),
          scales(reinterpret_cast<float*>(second + std::size_t(with_slack(vectors)) * stride)),
          second_scales(scales + with_slack(vectors)) {}
    std::size_t stride;
    std::uint8_t *first, *second;
    float *scales, *second_scales;
  };

  static std::size_t operand_bytes(int vectors, int depth) {
    return std::size_t(with_slack(vectors)) *
           (2 * std::size_t(stride_of<std::uint8_t>(depth)) + 2 * sizeof(float));
  }

  static void prepare(const float* x, int depth, int index, int vectors, void* operands) {
    const Layout to(operands, vectors, depth);
    Floats peaks = set1(1e-20f), squares = set1(0);
    for (int c = 0; c < depth; c += kWidth) {
      const Floats part = keep_first(load(x + c), depth - c);
      peaks = max(peaks, abs(part));
      squares = fma(part, part, squares);
    }
    const float step = largest(peaks) / kSteps;
    const float mean_square = sum(squares) / float(depth);
    const bool twice = step * step > 12 * kMostRounding * kMostRounding * mean_square;
    const float second_step = twice ? step / float(ByteProducts::kLevels - 1) : 0;
    to.scales[index] = step;
    to.second_scales[index] = second_step;
    const Floats inverse = set1(1.0f / step), zero = set1(float(ByteProducts::kZero));
    const Floats second_inverse = set1(twice ? 1.0f / second_step : 0.0f);
    std::uint8_t* first = to.first + std::size_t(index) * to.stride;
    std::uint8_t* second = to.second + std::size_t(index) * to.stride;
    for (int c = 0; c < int(to.stride); c += kWidth) {
      const Floats part = c < depth ? keep_first(load(x + c), depth - c) : set1(0);
      const Floats whole = round(mul(part, inverse));
      store_bytes(first + c, to_ints(add(whole, zero)));
      const Floats rest = fma(whole, set1(-step), part);
      store_bytes(second + c, to_ints(fma(rest, second_inverse, zero)));
    }
  }

  static std::size_t scratch_bytes(int vectors, int) { return scratch_of(vectors, 2); }

  static const float* multiply(const void* operands, int vectors, const StoredRows& w,
                               std::int64_t first, int count, void* scratch) {
    const int depth = int(w.cols), words = words_of(depth, ByteProducts::kGroup);
    const Layout left(operands, vectors, depth);
    std::int32_t* sums = static_cast<std::int32_t*>(scratch);
    std::int32_t* second_sums = sums + with_slack(vectors) * kTileColumns;
    std::int32_t* panel = second_sums + with_slack(vectors) * kTileColumns;
    for (int begin = 0; begin < words; begin += kBlockWords) {
      const int block = smaller(kBlockWords, words - begin);
      pack<std::int8_t, ByteProducts::kGroup>(
          static_cast<const std::int8_t*>(w.data) + first * w.cols, depth, count, begin, block,
          panel);
      for (int i = 0; i < vectors; i += kTileRows) {
        const std::size_t at = std::size_t(i) * left.stride + std::size_t(begin) * 4;
        add_block<ByteProducts>(reinterpret_cast<const char*>(left.first + at), left.stride, panel,
                                block, begin == 0, sums + i * kTileColumns);
        if (has_second(left, i, vectors))
          add_block<ByteProducts>(reinterpret_cast<const char*>(left.second + at), left.stride,
                                  panel, block, begin == 0, second_sums + i * kTileColumns);
      }
    }
    scale(left, vectors, w, first, count, sums, second_sums);
    return reinterpret_cast<const float*>(sums);
  }

 private:
  static SIMD bool has_second(const Layout& left, int tile, int vectors) {
    for (int i = tile; i < smaller(tile + kTileRows, vectors); ++i)
      if (left.second_scales[i] != 0) return true;
    return false;
  }

  // Converts integer sums to float32 results in place.
  static void scale(const Layout& left, int vectors, const StoredRows& w, std::int64_t first,
                    int count, std::int32_t* sums, const std::int32_t* second_sums) {
    alignas(64) float scales[kTileColumns] = {};
    alignas(64) std::int32_t zeros[kTileColumns] = {};
    for (int j = 0; j < count; ++j) {
      scales[j] = w.scale[first + j];
      zeros[j] = -ByteProducts::kZero * w.sum[first + j];
    }
    for (int i = 0; i < vectors; ++i) {
      const Floats step = set1(left.scales[i]), second_step = set1(left.second_scales[i]);
      const bool twice = left.second_scales[i] != 0;
      for (int c = 0; c < kTileColumns; c += kWidth) {
        const Ints zero = loadi(zeros + c);
        std::int32_t* at = sums + i * kTileColumns + c;
        Floats value = mul(to_floats(addi(loadi(at), zero)), step);
        if (twice)
          value = fma(to_floats(addi(loadi(second_sums + i * kTileColumns + c), zero)), second_step,
                      value);
        store(reinterpret_cast<float*>(at), mul(value, load(scales + c)));
      }
    }
  }
};

template <class Product>
constexpr WideProduct make_wide_product(const char* name) {
  return {.name = name,
          .columns = kTileColumns,
          .operand_bytes = Product::operand_bytes,
          .prepare = Product::prepare,
          .scratch_bytes = Product::scratch_bytes,
          .multiply = Product::multiply};
}

}  // namespace
}  // namespace chatterbox
