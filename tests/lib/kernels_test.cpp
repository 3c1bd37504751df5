// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/kernels.h"

#include <c10/util/BFloat16.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "nn/storage_types.h"
#include "nn/team.h"

namespace chatterbox {
namespace {

// Each kernel on each instruction set against arithmetic in double. What this
// processor cannot run is skipped by name.
class KernelsTest : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!supports(GetParam())) GTEST_SKIP() << "this processor lacks the instruction set";
  }
  const Kernels& k() const { return kernels_for(GetParam()); }

  std::vector<float> random(std::size_t size, float spread = 1) {
    std::normal_distribution<float> normal(0, spread);
    std::vector<float> values(size);
    for (float& value : values) value = normal(generator_);
    return values;
  }
  std::mt19937 generator_{7};
};

// Rounds to the nearest bfloat16, in place, and returns the bits.
std::vector<BFloat> to_bfloat(std::vector<float>& values) {
  std::vector<BFloat> stored;
  for (float& value : values) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits = (bits + 0x8000) & 0xffff0000;
    std::memcpy(&value, &bits, sizeof bits);
    stored.push_back({std::uint16_t(bits >> 16)});
  }
  return stored;
}

// Random half bits, and what they mean.
std::vector<Half> random_halves(std::mt19937& generator, std::vector<float>& values) {
  std::vector<Half> stored;
  for (float& value : values) {
    const auto bits = std::uint16_t((generator() & 0x83ff) | (generator() % 18) << 10);
    stored.push_back({bits});
    value = half_to_float(bits);
  }
  return stored;
}

TEST_P(KernelsTest, DotRows) {
  for (const int rows : {1, 3, 4, 9, 32}) {
    for (const int cols : {1, 7, 16, 33, 96, 256}) {
      for (int batch = 1; batch <= Kernels::kMaxBatch; ++batch) {
        const int x_stride = cols + 5, y_stride = rows + 3;
        const std::vector<float> x = random(std::size_t(batch * x_stride));
        std::vector<float> w[3];
        for (auto& values : w) values = random(std::size_t(rows * cols));
        const std::vector<BFloat> bfloats = to_bfloat(w[1]);
        const std::vector<Half> halves = random_halves(generator_, w[2]);
        const void* stored[3] = {w[0].data(), bfloats.data(), halves.data()};
        for (int storage = 0; storage < 3; ++storage) {
          std::vector<float> y(std::size_t(batch * y_stride), 77);
          k().dot_rows[storage](stored[storage], rows, cols, x.data(), x_stride, batch, y.data(),
                                y_stride);
          for (int b = 0; b < batch; ++b) {
            for (int r = 0; r < rows; ++r) {
              double expected = 0, size = 1e-6;
              for (int c = 0; c < cols; ++c) {
                const double term = double(w[storage][std::size_t(r * cols + c)]) *
                                    x[std::size_t(b * x_stride + c)];
                expected += term;
                size += std::abs(term);
              }
              ASSERT_NEAR(y[std::size_t(b * y_stride + r)], expected, 1e-6 * size)
                  << rows << "x" << cols << " batch " << batch << " storage " << storage;
            }
          }
          EXPECT_EQ(y[std::size_t(rows)], 77) << "wrote beyond its rows";
        }
      }
    }
  }
}

TEST_P(KernelsTest, WeightedSum) {
  for (const int cols : {5, 16, 64, 130}) {
    const int rows = 37;
    const std::vector<float> x = random(std::size_t(rows * cols)), scale = random(rows);
    const std::vector<c10::BFloat16> narrow(x.begin(), x.end());
    for (const Storage type : {Storage::kFloat, Storage::kBFloat16}) {
      const bool whole = type == Storage::kFloat;
      std::vector<float> out(std::size_t(cols), 9);
      k().weighted_sum[int(type)](whole ? static_cast<const void*>(x.data()) : narrow.data(), rows,
                                  cols, scale.data(), out.data());
      for (int c = 0; c < cols; ++c) {
        double expected = 0;
        for (int r = 0; r < rows; ++r) {
          const auto i = std::size_t(r * cols + c);
          expected += double(scale[std::size_t(r)]) * (whole ? x[i] : float(narrow[i]));
        }
        ASSERT_NEAR(out[std::size_t(c)], expected, 1e-5);
      }
    }
  }
}

TEST_P(KernelsTest, Softmax) {
  for (const int size : {1, 5, 16, 67, 1000}) {
    std::vector<float> x = random(std::size_t(size), 20);
    double total = 0, peak = -1e9;
    for (const float value : x) peak = std::max(peak, double(value));
    std::vector<double> expected;
    for (const float value : x) expected.push_back(std::exp(value - peak));
    for (const double value : expected) total += value;
    k().softmax(x.data(), size);
    for (int i = 0; i < size; ++i)
      ASSERT_NEAR(x[std::size_t(i)], expected[std::size_t(i)] / total, 1e-6);
  }
}

TEST_P(KernelsTest, SiluMultiply) {
  std::vector<float> gate = random(83, 10), up = random(83);
  gate[0] = 200;
  gate[1] = -200;
  const std::vector<float> before = gate;
  k().silu_multiply(gate.data(), up.data(), 83);
  for (std::size_t i = 0; i < gate.size(); ++i) {
    const double expected = double(before[i]) / (1 + std::exp(-double(before[i]))) * up[i];
    ASSERT_NEAR(gate[i], expected, 1e-6 + 1e-6 * std::abs(expected)) << before[i];
  }
}

TEST_P(KernelsTest, LayerNorm) {
  for (const std::size_t size : {1u, 7u, 48u, 1024u}) {
    std::vector<float> x = random(size, 3), weight = random(size), bias = random(size), y(size);
    for (float& value : x) value += 5;
    k().layer_norm(x.data(), weight.data(), bias.data(), std::int64_t(size), 1e-5f, y.data());
    double mean = 0, spread = 0;
    for (const float value : x) mean += value / double(size);
    for (const float value : x) spread += (value - mean) * (value - mean) / double(size);
    for (std::size_t i = 0; i < size; ++i)
      EXPECT_NEAR(y[i], (x[i] - mean) / std::sqrt(spread + 1e-5) * weight[i] + bias[i], 2e-5);
  }
}

TEST_P(KernelsTest, GeluTanh) {
  std::vector<float> x = random(117, 4);
  x[0] = 0;
  x[1] = -30;
  x[2] = 30;
  const std::vector<float> before = x;
  k().gelu_tanh(x.data(), std::int64_t(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double v = before[i];
    const double inner = std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v);
    EXPECT_NEAR(x[i], 0.5 * v * (1 + std::tanh(inner)), 1e-6 * (1 + std::abs(v)));
  }
}

TEST_P(KernelsTest, RmsNorm) {
  const std::vector<float> x = random(75, 3), weight = random(75);
  std::vector<float> y(75);
  k().rms_norm(x.data(), weight.data(), 75, 1e-5f, y.data());
  double squares = 0;
  for (const float value : x) squares += double(value) * value;
  for (std::size_t i = 0; i < 75; ++i)
    ASSERT_NEAR(y[i], x[i] / std::sqrt(squares / 75 + 1e-5) * weight[i], 1e-5);
}

TEST_P(KernelsTest, Tiles) {
  const int columns = k().tile_columns;
  for (int rows = 1; rows <= k().tile_rows; ++rows) {
    for (const int depth : {1, 2, 63, 300}) {
      const int a_stride = depth + 3, b_stride = columns + 2, c_stride = columns + 5;
      const std::vector<float> a = random(std::size_t(rows * a_stride)),
                               b = random(std::size_t(depth * b_stride));
      std::vector<float> c(std::size_t((rows + 1) * c_stride), 77);
      k().tiles[rows - 1](a.data(), a_stride, b.data(), b_stride, depth, c.data(), c_stride);
      for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < columns; ++j) {
          double expected = 0, size = 1e-6;
          for (int d = 0; d < depth; ++d) {
            const double term =
                double(a[std::size_t(i * a_stride + d)]) * b[std::size_t(d * b_stride + j)];
            expected += term;
            size += std::abs(term);
          }
          ASSERT_NEAR(c[std::size_t(i * c_stride + j)], expected, 1e-6 * size)
              << rows << " rows, depth " << depth;
        }
        for (int j = columns; j < c_stride; ++j)
          ASSERT_EQ(c[std::size_t(i * c_stride + j)], 77) << "wrote beyond its columns";
      }
      for (int j = 0; j < c_stride; ++j)
        ASSERT_EQ(c[std::size_t(rows * c_stride + j)], 77) << "wrote beyond its rows";
    }
  }
}

TEST_P(KernelsTest, ExponentialsBelowThePeak) {
  for (const int size : {1, 5, 16, 67, 1000}) {
    std::vector<float> x = random(std::size_t(size), 20);
    x.back() = -std::numeric_limits<float>::infinity();
    x[std::size_t(size / 2)] = 50;
    const std::vector<float> before = x;
    double total = 0;
    const float sum = k().exp_below_peak(x.data(), size);
    const double peak = *std::max_element(before.begin(), before.end());
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_NEAR(x[i], std::exp(before[i] - peak), 1e-6);
      total += x[i];
    }
    ASSERT_NEAR(sum, total, 1e-5 * total);
  }
}

TEST_P(KernelsTest, Snake) {
  for (const int size : {1, 15, 16, 203}) {
    const std::vector<float> x = random(std::size_t(size), 100);
    std::vector<float> y(std::size_t(size + 1), 77);
    k().snake(x.data(), size, 1.7f, 0.6f, y.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double sine = std::sin(double(x[i] * 1.7f));
      ASSERT_NEAR(y[i], x[i] + 0.6 * sine * sine, 2e-5) << x[i];
    }
    EXPECT_EQ(y.back(), 77) << "wrote beyond the end";
  }
}

INSTANTIATE_TEST_SUITE_P(, KernelsTest, testing::Values(Isa::kPortable, Isa::kAvx2, Isa::kAvx512),
                         [](const auto& test) {
                           return std::string(test.param == Isa::kPortable ? "portable"
                                              : test.param == Isa::kAvx2   ? "avx2"
                                                                           : "avx512");
                         });

TEST(Half, ReadsEveryKindOfNumber) {
  EXPECT_EQ(half_to_float(0x3c00), 1.0f);
  EXPECT_EQ(half_to_float(0xc000), -2.0f);
  EXPECT_EQ(half_to_float(0x0001), 0x1p-24f);
  EXPECT_EQ(half_to_float(0x8400), -0x1p-14f);
  EXPECT_EQ(half_to_float(0x7bff), 65504.0f);
  EXPECT_TRUE(std::isinf(half_to_float(0xfc00)));
  EXPECT_TRUE(std::isnan(half_to_float(0x7e00)));
  EXPECT_TRUE(std::signbit(half_to_float(0x8000)));
}

// Each phase reads what the one before wrote, whoever wrote it.
TEST(Team, PhasesFollowOneAnother) {
  for (const int size : {1, 2, 5}) {
    constexpr std::size_t kPhases = 200, kPieces = 7;
    std::vector<Phase> phases(kPhases);
    std::vector<std::vector<int>> values(kPhases, std::vector<int>(kPieces));
    std::atomic<std::uint32_t> run{0};
    Team team(size, [&](int) {
      const std::uint32_t current = run.load();
      for (std::size_t phase = 0; phase < kPhases; ++phase)
        phases[phase].share(current, kPieces, [&](std::int64_t piece) {
          int total = 0;
          if (phase > 0)
            for (const int value : values[phase - 1]) total = std::max(total, value);
          values[phase][std::size_t(piece)] +=
              phase == 0 ? 1 : total - values[phase][std::size_t(piece)];
        });
    });
    for (std::uint32_t repeat = 1; repeat <= 50; ++repeat) {
      for (Phase& phase : phases) phase.reset(repeat);
      run.store(repeat);
      team.run();
      for (const auto& phase : values)
        for (const int value : phase) ASSERT_EQ(value, int(repeat));
    }
  }
}

}  // namespace
}  // namespace chatterbox
