// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/int8_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace chatterbox {
namespace {

class Int8RowsTest : public testing::TestWithParam<Int8Isa> {
 protected:
  void SetUp() override {
    if (!supports(GetParam())) GTEST_SKIP() << "this processor lacks the instruction set";
  }
};

// Against the same integers in double: only the activations' last bits are lost.
TEST_P(Int8RowsTest, IsTheProductOfTheRows) {
  std::mt19937 generator(3);
  std::uniform_int_distribution<int> weight(-127, 127);
  std::normal_distribution<float> normal;
  constexpr int kRows = 11;
  for (const int cols : {1, 31, 64, 200, 1024}) {
    std::vector<std::int8_t> values(std::size_t(kRows * cols));
    for (auto& value : values) value = std::int8_t(weight(generator));
    std::vector<float> scale(kRows);
    std::vector<std::int32_t> sum(kRows, 0);
    for (int r = 0; r < kRows; ++r) {
      scale[std::size_t(r)] = 0.01f * float(r + 1);
      for (int c = 0; c < cols; ++c) sum[std::size_t(r)] += values[std::size_t(r * cols + c)];
    }
    std::vector<std::vector<float>> x(2, std::vector<float>(std::size_t(cols)));
    Digits digits[2];
    for (int b = 0; b < 2; ++b) {
      for (float& value : x[std::size_t(b)]) value = normal(generator) * float(1 + 100 * b);
      digits[b].resize(cols);
      digits[b].set(x[std::size_t(b)].data(), cols, GetParam());
    }
    for (const int batch : {1, 2}) {
      std::vector<float> y(2 * 16, -1);
      multiply_rows(GetParam(), {values.data(), scale.data(), sum.data(), cols}, 2, kRows - 2,
                    digits, batch, y.data(), 16);
      for (int b = 0; b < batch; ++b) {
        float most = 0;
        for (const float value : x[std::size_t(b)]) most = std::max(most, std::abs(value));
        for (int r = 2; r < kRows; ++r) {
          double expected = 0, size = 0;
          for (int c = 0; c < cols; ++c) {
            const int w = values[std::size_t(r * cols + c)];
            expected += double(w) * x[std::size_t(b)][std::size_t(c)] * scale[std::size_t(r)];
            size += std::abs(w) * scale[std::size_t(r)];
          }
          // Half a step of the digits for each column.
          EXPECT_NEAR(y[std::size_t(b * 16 + r - 2)], expected, size * most / 8191 * 0.5 + 1e-4)
              << cols << " columns, row " << r;
        }
      }
    }
  }
}

TEST_P(Int8RowsTest, NothingIsNothing) {
  const std::int8_t values[] = {-127, 127, 5};
  const float scale[] = {1};
  const std::int32_t sum[] = {5};
  const float x[] = {0, 0, 0};
  Digits digits;
  digits.resize(3);
  digits.set(x, 3, GetParam());
  float y = -1;
  multiply_rows(GetParam(), {values, scale, sum, 3}, 0, 1, &digits, 1, &y, 1);
  EXPECT_EQ(y, 0);
}

INSTANTIATE_TEST_SUITE_P(Isa, Int8RowsTest,
                         testing::Values(Int8Isa::kPortable, Int8Isa::kAvx2, Int8Isa::kAvx512Vnni));

}  // namespace
}  // namespace chatterbox
