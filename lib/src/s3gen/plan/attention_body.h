// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Attention of the estimator; for files that are compiled for one instruction set.
#pragma once

#include "nn/simd/functions.h"
#include "nn/simd/products.h"
#include "s3gen/plan/flow_kernels.h"
#include "s3gen/plan/layers_body.h"
#include "s3gen/plan/seen_body.h"

namespace chatterbox {
namespace {

// Softmax without looking for the largest score first: no score exceeds |q| times
// the longest key, so 2^(score - that bound) is at most one. It is the same up to a
// factor that drops out, unless all scores lie so far below the bound that their
// powers vanish; such queries, which need keys of very different lengths, are asked
// again with the largest score itself in place of the bound. Scores of kQueries
// queries and kKeys keys at a time become weights while they are in registers, and
// weights are multiplied by values while they are in the first cache.
template <class P, Accuracy accuracy, int kQueries, int kKeys>
struct HeadAttention {
  using Number = typename P::Number;
  static_assert(kKeys % kTileColumns == 0);
  // A sum of weights from which on they still have all their digits.
  static constexpr float kLeastSum = 1e-30f;

  static void remember(const FlowSizes& sizes, const void* keys, const void* values,
                       std::size_t stride, int count, int position, const HeadView& to) {
    const Number *k = static_cast<const Number*>(keys), *v = static_cast<const Number*>(values);
    remember_keys(sizes.dim, k, stride, count, position, to);
    remember_values(sizes.dim, v, stride, count, position, to);
  }

  static void attend(const FlowSizes& sizes, const void* queries, std::size_t stride, int count,
                     const std::int32_t* visible, const HeadMemory& head, void* to,
                     std::size_t to_stride, void* scratch) {
    HeadAttention work(sizes, queries, stride, count, visible, head, scratch);
    work.weigh_all();
    if (work.lost()) {
      work.find_peaks();
      work.weigh_all();
    }
    work.put(static_cast<Number*>(to), to_stride);
  }

  static std::size_t scratch_bytes(const FlowSizes& sizes) {
    const std::size_t rows = kQueries + kTileRows;
    return rows * (std::size_t(sizes.dim) * sizeof(Number) + kKeys * sizeof(Number) +
                   std::size_t(round_up(sizes.dim, kTileColumns)) * sizeof(float) +
                   (kWidth + 1) * sizeof(float)) +
           8 * 64;
  }

 private:
  // Keys to columns: by single words up to a whole vector of columns, then by
  // squares of words.
  static void remember_keys(int dim, const Number* keys, std::size_t stride, int count,
                            int position, const HeadView& to) {
    const int words = dim / P::kGroup;
    float longest = 0;
    for (int i = 0; i < count; ++i) {
      Floats squares = set1(0);
      for (int c = 0; c < dim; c += kWidth) {
        const Floats x = load_as(keys + std::size_t(i) * stride + c);
        squares = fma(x, x, squares);
      }
      longest = larger(longest, sum(squares));
    }
    longest = __builtin_sqrtf(longest);
    *to.longest = position > 0 || !to.begins ? larger(*to.longest, longest) : longest;

    const std::int32_t* from = reinterpret_cast<const std::int32_t*>(keys);
    const std::size_t from_stride = stride / P::kGroup;
    std::int32_t* out = reinterpret_cast<std::int32_t*>(to.keys);
    for (int i = 0; i < count;) {
      const int at = position + i;
      std::int32_t* column = out +
                             std::size_t(at / kTileColumns) * std::size_t(words) * kTileColumns +
                             at % kTileColumns;
      const std::int32_t* row = from + std::size_t(i) * from_stride;
      if (at % kWidth == 0 && count - i >= kWidth && words % kWidth == 0) {
        for (int w = 0; w < words; w += kWidth)
          transpose(row + w, from_stride, column + std::size_t(w) * kTileColumns, kTileColumns);
        i += kWidth;
      } else {
        for (int w = 0; w < words; ++w) column[std::size_t(w) * kTileColumns] = row[w];
        ++i;
      }
    }
  }

  static void remember_values(int dim, const Number* values, std::size_t stride, int count,
                              int position, const HeadView& to) {
    for (int i = 0; i < count; ++i) {
      const int at = position + i;
      const Number* row = values + std::size_t(i) * stride;
      for (int c = 0; c < dim; c += kWidth) {
        char* word =
            to.values + std::size_t(c / kTileColumns) * to.value_panel +
            (std::size_t(at / P::kGroup) * kTileColumns + std::size_t(c % kTileColumns)) * 4;
        put_value(row + c, at % P::kGroup, word);
      }
    }
  }
  static SIMD void put_value(const float* value, int, char* word) {
    store(reinterpret_cast<float*>(word), load(value));
  }
#if defined(__AVX512BF16__)
  // The first of two leaves zero in place of the second.
  static SIMD void put_value(const Brain* value, int place, char* word) {
    const Ints wide =
        _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(value)));
    const Ints before = _mm512_and_si512(loadi(word), set1i(0xffff));
    storei(word, place == 0 ? wide : _mm512_or_si512(before, _mm512_slli_epi32(wide, 16)));
  }
#endif

  HeadAttention(const FlowSizes& sizes, const void* queries, std::size_t stride, int count,
                const std::int32_t* visible, const HeadMemory& memory, void* scratch)
      : dim_(sizes.dim),
        width_(round_up(sizes.dim, kTileColumns)),
        count_(count),
        seen_(visible, count),
        memory_(memory) {
    Scratch room(scratch);
    const int rows = kQueries + kTileRows;
    queries_ = room.take<Number>(rows * dim_);
    weights_ = room.take<Number>(rows * kKeys);
    results_ = room.take<float>(rows * width_);
    sums_ = room.take<float>(rows * kWidth);
    bounds_ = room.take<float>(rows);
    // Later positions know the longest key of those before them.
    const float longest = *memory.parts[memory.count - 1].longest;
    fetch_rows(queries, stride * sizeof(Number), count, dim_ * int(sizeof(Number)));
    const Number* from = static_cast<const Number*>(queries);
    for (int i = 0; i < count; ++i, from += stride) {
      Floats squares = set1(0);
      for (int c = 0; c < dim_; c += kWidth) {
        const Floats x = load_as(from + c);
        squares = fma(x, x, squares);
        store_as(queries_ + i * dim_ + c, x);
      }
      bounds_[i] = __builtin_sqrtf(sum(squares)) * longest;
    }
    // Rows that fill up the last tile.
    for (int i = count; i < rows; ++i) {
      bounds_[i] = 0;
      for (int c = 0; c < dim_; c += kWidth) store_as(queries_ + i * dim_ + c, set1(0));
    }
    rows_ = round_up(count, kTileRows);
  }

  // Scores of a tile of queries with a panel of keys, less their bounds or not.
  SIMD void score(int row, int first, bool less_bounds, Floats (&scores)[kTileRows][kTileVectors]) {
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) scores[i][j] = set1(0);
    multiply_tile<P>(reinterpret_cast<const char*>(queries_ + row * dim_),
                     std::size_t(dim_) * sizeof(Number),
                     part_->keys + std::size_t(first) * std::size_t(dim_) * sizeof(Number),
                     dim_ / P::kGroup, scores);
    if (!less_bounds) return;
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      const Floats bound = set1(bounds_[row + i]);
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) scores[i][j] = sub(scores[i][j], bound);
    }
  }

  __attribute__((noinline)) void weigh_panel(int row, int first, Number* to) {
    Floats scores[kTileRows][kTileVectors];
    score(row, first, /*less_bounds=*/true, scores);
    const bool all = first + kTileColumns <= seen_.by_all();
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      Floats total = load(sums_ + (row + i) * kWidth);
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) {
        Floats weight = exp2<accuracy>(scores[i][j]);
        if (!all) weight = keep_first(weight, seen_.by(row + i) - first - j * kWidth);
        total = add(total, weight);
        store_as(to + i * kKeys + j * kWidth, weight);
      }
      store(sums_ + (row + i) * kWidth, total);
    }
  }
  __attribute__((noinline)) void gather(int row, int channel, int first, int words) {
    Floats sums[kTileRows][kTileVectors];
    float* results = results_ + row * width_ + channel;
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) sums[i][j] = load(results + i * width_ + j * kWidth);
    multiply_tile<P>(reinterpret_cast<const char*>(weights_ + row * kKeys), kKeys * sizeof(Number),
                     part_->values + std::size_t(channel / kTileColumns) * part_->value_panel +
                         std::size_t(first / P::kGroup) * kTileColumns * 4,
                     words, sums);
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) store(results + i * width_ + j * kWidth, sums[i][j]);
  }

  void weigh_all() {
    for (int i = 0; i < rows_ * width_; i += kWidth) store(results_ + i, set1(0));
    for (int i = 0; i < rows_ * kWidth; i += kWidth) store(sums_ + i, set1(0));
    seen_.each_part(memory_, [&](const HeadView& part) {
      part_ = &part;
      weigh_part();
    });
  }
  void weigh_part() {
    for (int first = 0; first < seen_.by_any(); first += kKeys) {
      // Values end where keys do; weights are zero up to a whole panel.
      const int count = smaller(kKeys, seen_.by_any() - first);
      for (int panel = 0; panel < count; panel += kTileColumns)
        for (int row = 0; row < rows_; row += kTileRows)
          weigh_panel(row, first + panel, weights_ + row * kKeys + panel);
      const int words = (count + P::kGroup - 1) / P::kGroup;
      for (int channel = 0; channel < dim_; channel += kTileColumns)
        for (int row = 0; row < rows_; row += kTileRows) gather(row, channel, first, words);
    }
  }

  bool lost() const {
    for (int i = 0; i < count_; ++i)
      if (!(sum(load(sums_ + i * kWidth)) > kLeastSum)) return true;
    return false;
  }

  __attribute__((noinline)) void find_peaks() {
    for (int row = 0; row < rows_; row += kTileRows)
      for (int i = 0; i < kTileRows; ++i) bounds_[row + i] = -3e38f;
    seen_.each_part(memory_, [&](const HeadView& part) {
      part_ = &part;
      find_peaks_of_part();
    });
  }
  void find_peaks_of_part() {
    for (int first = 0; first < seen_.by_any(); first += kTileColumns)
      for (int row = 0; row < rows_; row += kTileRows) {
        Floats scores[kTileRows][kTileVectors];
        score(row, first, /*less_bounds=*/false, scores);
        for (int i = 0; i < kTileRows; ++i) {
          float all[kTileColumns];
          for (int j = 0; j < kTileVectors; ++j) store(all + j * kWidth, scores[i][j]);
          for (int c = 0; c < smaller(kTileColumns, seen_.by(row + i) - first); ++c)
            bounds_[row + i] = larger(bounds_[row + i], all[c]);
        }
      }
  }

  void put(Number* to, std::size_t stride) const {
    for (int i = 0; i < count_; ++i, to += stride) {
      const Floats share = set1(1.0f / sum(load(sums_ + i * kWidth)));
      for (int c = 0; c < dim_; c += kWidth)
        store_as(to + c, mul(load(results_ + i * width_ + c), share));
    }
  }

  const int dim_, width_, count_;
  Seen seen_;
  const HeadMemory& memory_;
  const HeadView* part_ = nullptr;
  int rows_;
  Number *queries_, *weights_;
  float *results_, *sums_, *bounds_;
};

}  // namespace
}  // namespace chatterbox
