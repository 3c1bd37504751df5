// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Attention of the estimator in bytes; for files that are compiled for one
// instruction set.
#pragma once

#include "nn/simd/byte_powers.h"
#include "s3gen/plan/byte_memory_body.h"
#include "s3gen/plan/seen_body.h"

namespace chatterbox {
namespace {

// Queries and weights are bytes from zero on, keys and values signed bytes; queries
// come as numbers of P, results go as such. kKeys keys at a time: their scores, in
// float32 as each key has a scale; weights, relative to the largest of these
// scores; and the sums of weighted values, in whole numbers. Only these sums are put
// into the proportion of what came before.
template <class P, int kQueries, int kKeys>
struct ByteAttention : ByteMemory<P> {
  using Number = typename P::Number;
  static_assert(kKeys % kTileColumns == 0);
  static constexpr float kNothing = -3e38f;  // the score of a key that is not seen

  static void attend(const FlowSizes& sizes, const void* queries, std::size_t stride, int count,
                     const std::int32_t* visible, const HeadMemory& memory, void* to,
                     std::size_t to_stride, void* scratch) {
    ByteAttention work(sizes, queries, stride, count, visible, scratch);
    work.seen_.each_part(memory, [&](const HeadView& part) {
      work.part_ = &part;
      const int keys = work.seen_.by_any();
      for (int first = 0; first < keys; first += kKeys)
        work.add_keys(first, round_up(smaller(kKeys, keys - first), kTileColumns));
    });
    work.put(static_cast<Number*>(to), to_stride);
  }

  static std::size_t scratch_bytes(const FlowSizes& sizes) {
    const std::size_t rows = kQueries + kTileRows, dim = std::size_t(sizes.dim);
    return rows * (dim + kKeys + kKeys * sizeof(float) +
                   std::size_t(round_up(sizes.dim, kTileColumns)) * sizeof(float) +
                   (4 * kWidth + 1) * sizeof(float)) +
           dim * sizeof(float) + 10 * 64;
  }

 private:
  ByteAttention(const FlowSizes& sizes, const void* queries, std::size_t stride, int count,
                const std::int32_t* visible, void* scratch)
      : dim_(sizes.dim),
        width_(round_up(sizes.dim, kTileColumns)),
        count_(count),
        rows_(round_up(count, kTileRows)),
        seen_(visible, count) {
    Scratch memory(scratch);
    const int rows = kQueries + kTileRows;
    queries_ = memory.take<std::uint8_t>(rows * dim_);
    scales_ = memory.take<float>(rows);
    scores_ = memory.take<float>(rows * kKeys);
    weights_ = memory.take<std::uint8_t>(rows * kKeys);
    results_ = memory.take<float>(rows * width_);
    peaks_ = memory.take<float>(rows * kWidth);
    references_ = memory.take<float>(rows * kWidth);
    factors_ = memory.take<float>(rows * kWidth);
    sums_ = memory.take<float>(rows * kWidth);
    float* row = memory.take<float>(dim_);
    fetch_rows(queries, stride * sizeof(Number), count, dim_ * int(sizeof(Number)));
    const Number* from = static_cast<const Number*>(queries);
    for (int i = 0; i < rows_; ++i, from += stride) {
      // Rows that fill up the last tile are zero.
      for (int c = 0; c < dim_; c += kWidth)
        store(row + c, i < count ? load_as(from + c) : set1(0));
      scales_[i] = to_bytes(row, dim_, queries_ + i * dim_);
      store(references_ + i * kWidth, set1(kNothing));
      store(sums_ + i * kWidth, set1(0));
      for (int c = 0; c < width_; c += kWidth) store(results_ + i * width_ + c, set1(0));
    }
  }

  void add_keys(int first, int count) {
    for (int row = 0; row < rows_; ++row) store(peaks_ + row * kWidth, set1(kNothing));
    for (int panel = 0; panel < count; panel += kTileColumns)
      for (int row = 0; row < rows_; row += kTileRows)
        score(row, first + panel, scores_ + row * kKeys + panel);
    for (int row = 0; row < rows_; ++row) weigh(row, first, count);
    for (int channel = 0; channel < dim_; channel += kTileColumns)
      for (int row = 0; row < rows_; row += kTileRows)
        gather(row, channel, first, count / ByteProducts::kGroup);
  }

  // Scores of a tile of queries with a panel of keys, but for the queries' scales.
  __attribute__((noinline)) void score(int row, int first, float* to) {
    Ints sums[kTileRows][kTileVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      const Ints start = loadi(part_->key_start + first + j * kWidth);
#pragma GCC unroll 8
      for (int i = 0; i < kTileRows; ++i) sums[i][j] = start;
    }
    multiply_tile<ByteProducts>(
        reinterpret_cast<const char*>(queries_ + row * dim_), std::size_t(dim_),
        part_->keys + std::size_t(first) * std::size_t(dim_), dim_ / ByteProducts::kGroup, sums);
    const bool all = first + kTileColumns <= seen_.by_all();
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      Floats peak = load(peaks_ + (row + i) * kWidth);
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) {
        Floats s = mul(to_floats(sums[i][j]), load(part_->key_scale + first + j * kWidth));
        if (!all) s = join_at(seen_.by(row + i) - first - j * kWidth, s, set1(kNothing));
        store(to + i * kKeys + j * kWidth, s);
        peak = max(peak, s);
      }
      store(peaks_ + (row + i) * kWidth, peak);
    }
  }

  void weigh(int row, int first, int count) {
    std::uint8_t* to = weights_ + row * kKeys;
    if (seen_.by(row) <= first) {
      for (int k = 0; k < count; k += int(sizeof(Ints))) storei(to + k, set1i(0));
      return store(factors_ + row * kWidth, set1(0));
    }
    const Floats scale = set1(scales_[row]);
    const Floats peak = mul(set1(largest(load(peaks_ + row * kWidth))), scale);
    const Floats reference = load(references_ + row * kWidth), highest = max(reference, peak);
    if (chatterbox::first(peak) > chatterbox::first(reference)) raise(row, reference, highest);

    const Floats steps = mul(scale, set1(-kPowerSteps)), most = mul(peak, set1(kPowerSteps));
    const float* from = scores_ + row * kKeys;
    Ints total = set1i(0);
    for (int k = 0; k < count; k += kTileColumns) {
      const bool all = first + k + kTileColumns <= seen_.by(row);
      Floats below[kTileVectors];
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) {
        below[j] = fma(load(from + k + j * kWidth), steps, most);
        if (!all) below[j] = min(below[j], set1(kNoPower));
      }
      byte_powers(to + k, below, total);
    }
    const Floats factor = exp2<Accuracy::kFloat>(sub(peak, highest));
    store(factors_ + row * kWidth, factor);
    store(sums_ + row * kWidth, fma(factor, to_floats(total), load(sums_ + row * kWidth)));
  }

  // Puts what a row has gathered into the proportion of a higher score.
  void raise(int row, Floats from, Floats to) {
    store(references_ + row * kWidth, to);
    const Floats factor = exp2<Accuracy::kFloat>(sub(from, to));
    store(sums_ + row * kWidth, mul(load(sums_ + row * kWidth), factor));
    float* results = results_ + row * width_;
    for (int c = 0; c < dim_; c += kWidth) store(results + c, mul(load(results + c), factor));
  }

  __attribute__((noinline)) void gather(int row, int channel, int first, int words) {
    Ints sums[kTileRows][kTileVectors];
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) sums[i][j] = set1i(0);
    multiply_tile<ByteProducts>(reinterpret_cast<const char*>(weights_ + row * kKeys), kKeys,
                                part_->values +
                                    std::size_t(channel / kTileColumns) * part_->value_panel +
                                    std::size_t(first / ByteProducts::kGroup) * kTileColumns * 4,
                                words, sums);
    Floats scales[kTileVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      const int c = channel + j * kWidth;
      scales[j] = c < dim_ ? load(part_->value_scale + c) : set1(0);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      float* results = results_ + (row + i) * width_ + channel;
      const Floats factor = load(factors_ + (row + i) * kWidth);
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) {
        const Floats value = mul(to_floats(sums[i][j]), scales[j]);
        store(results + j * kWidth, fma(value, factor, load(results + j * kWidth)));
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

  const int dim_, width_, count_, rows_;
  Seen seen_;
  const HeadView* part_ = nullptr;
  std::uint8_t *queries_, *weights_;
  float *scales_, *scores_, *results_, *peaks_, *references_, *factors_, *sums_;
};

}  // namespace
}  // namespace chatterbox
