// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>

#include "nn/int8_rows.h"
#include "nn/kernels.h"
#include "nn/layers.h"
#include "nn/wide_product.h"

namespace chatterbox {

// A matrix of the decoder, cut into pieces for the members of a team. Refers to the memory of the
// layer.
class WeightMatrix {
 public:
  explicit WeightMatrix(const Linear& linear);

  // Cuts the rows for `members` members, in multiples of four, the kernels' unit.
  void cut(int members);
  std::int64_t pieces() const { return (rows_ + piece_ - 1) / piece_; }
  std::int64_t first(std::int64_t n) const { return n * piece_; }
  std::int64_t count(std::int64_t n) const;

  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }
  Storage type() const { return storage_; }
  // True when multiply() reads digits in place of floats.
  bool takes_digits() const { return storage_ == Storage::kInt8; }
  // Rows for products of many vectors, to which the caller adds the bias.
  StoredRows stored() const { return {data_, storage_, cols_, int8_.scale, int8_.sum}; }
  const float* bias() const { return bias_; }

  // y[b][i] = row `first + i` times x[b], and its bias, for `count` rows and a batch of 1 or 2.
  // x (batch, cols) as floats or as digits.
  void multiply(const Kernels& kernels, std::int64_t first, std::int64_t count, const float* x,
                const Digits* digits, int batch, float* y, std::int64_t y_stride) const;

 private:
  const char* data_;
  const float* bias_;  // may be null
  std::int64_t rows_, cols_, bytes_;
  Storage storage_;
  Int8Rows int8_{};
  std::int64_t piece_ = 4;  // rows
};

// The most rows of a piece.
inline constexpr std::int64_t kMaxPieceRows = 128;

}  // namespace chatterbox
