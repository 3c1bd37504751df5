// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <vector>

namespace chatterbox {

// Instruction sets with kernels for digits and their products, slowest first.
enum class Int8Isa { kPortable, kAvx2, kAvx512Vnni };
bool supports(Int8Isa isa);
Int8Isa best_int8_isa();

// Pointers to the contents of Digits.
struct DigitsView {
  const std::uint8_t *high, *low;
  float scale;
};

// A vector of activations as the products of int8 rows take it: integers of 14 bits in two digits
// of 7, value = scale * (128 * (high - 64) + low). The rounding error is 60 times smaller than that
// of int8 weights. Digits of 7 bits never overflow the 16-bit sums that processors without VNNI
// make first.
class Digits {
 public:
  void resize(std::int64_t size);
  void set(const float* x, std::int64_t size, Int8Isa isa = best_int8_isa());

  DigitsView view() const { return {high_.data(), low_.data(), scale_}; }

 private:
  std::vector<std::uint8_t> high_, low_;
  float scale_ = 0;
};

// Rows of int8, each with its scale and the sum of its numbers.
struct Int8Rows {
  const std::int8_t* values;
  const float* scale;
  const std::int32_t* sum;
  std::int64_t cols;
};

// y[b][r] = sum over c of w[first + r][c] * x[b][c] for `count` rows; batch 1 or 2. `y_stride`
// counts floats between batch rows. Bound by reading the weights.
void multiply_rows(Int8Isa isa, const Int8Rows& w, std::int64_t first, std::int64_t count,
                   const Digits* x, int batch, float* y, std::int64_t y_stride);

}  // namespace chatterbox
