// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/packed_layer.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "nn/noise.h"

namespace chatterbox {
namespace {

at::Tensor normal(std::uint64_t seed, std::vector<std::int64_t> shape) {
  return Noise(seed, NoiseStream::kFlow).normal(0, c10::multiply_integers(shape)).view(shape);
}

class PackedLayerTest : public ::testing::TestWithParam<ProductKernelSet> {
 protected:
  void SetUp() override {
    if (!GetParam().runs) GTEST_SKIP() << "this processor lacks the instruction set";
  }
  static void expect_close(const at::Tensor& got, const at::Tensor& right,
                           const std::string& what) {
    ASSERT_EQ(got.sizes(), right.sizes()) << what;
    const double tolerance = GetParam().precision == ProductPrecision::kFloat ? 1e-6 : 0.01;
    const double error = (got - right).square().mean().sqrt().item<double>();
    EXPECT_LT(error, tolerance * right.square().mean().sqrt().item<double>()) << what;
  }
};

TEST_P(PackedLayerTest, EqualsLibtorch) {
  // Inputs around what is done at once, rows around tiles and blocks.
  for (const std::int64_t inputs : {32, 512, 1056, 2080})
    for (const std::int64_t outputs : {64, 192})
      for (const bool with_bias : {true, false}) {
        const at::Tensor weight = normal(1, {outputs, inputs});
        const at::Tensor bias = with_bias ? normal(2, {outputs}) : at::Tensor();
        const PackedLayer layer(weight, bias, GetParam().kernels);
        for (const std::int64_t rows : {1, 5, 6, 7, 8, 9, 13, 48, 49, 131}) {
          const at::Tensor x = normal(3, {rows, inputs});
          expect_close(layer(x), at::linear(x, weight, bias),
                       std::to_string(inputs) + " to " + std::to_string(outputs) + ", " +
                           std::to_string(rows) + " rows");
        }
      }
}

TEST_P(PackedLayerTest, KeepsWhatIsBeforeTheLastDimension) {
  const at::Tensor weight = normal(1, {64, 96});
  const PackedLayer layer(weight, {}, GetParam().kernels);
  const at::Tensor x = normal(2, {96, 3, 7}).permute({1, 2, 0});
  expect_close(layer(x), at::linear(x, weight), "three dimensions, not contiguous");
  EXPECT_EQ(layer(at::empty({0, 96})).sizes(), at::IntArrayRef({0, 64}));
}

TEST_P(PackedLayerTest, RowsMayOverlap) {
  const at::Tensor weight = normal(1, {64, 96}), bias = normal(2, {64});
  const PackedLayer layer(weight, bias, GetParam().kernels);
  const at::Tensor frames = normal(3, {52, 32});
  const at::Tensor windows = frames.as_strided({50, 96}, {32, 1});
  expect_close(layer(windows), at::linear(windows.contiguous(), weight, bias), "windows");
}

// Neither how many threads there are nor which rows are beside it.
TEST_P(PackedLayerTest, ARowDependsOnItselfAlone) {
  const PackedLayer layer(normal(1, {256, 1056}), {}, GetParam().kernels);
  const at::Tensor x = normal(2, {100, 1056});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor right = layer(x);
  at::set_num_threads(3);
  EXPECT_TRUE(layer(x).equal(right));
  EXPECT_TRUE(layer(x.narrow(0, 41, 3)).equal(right.narrow(0, 41, 3)));
  at::set_num_threads(before);
}

INSTANTIATE_TEST_SUITE_P(Kernels, PackedLayerTest, ::testing::ValuesIn(product_kernel_sets()),
                         [](const auto& info) {
                           std::string name = info.param.kernels->name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });
// Other architectures have none.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PackedLayerTest);

TEST(PackedLayer, OddSizesAreLibtorchs) {
  const at::Tensor weight = normal(1, {20, 33}), bias = normal(2, {20}), x = normal(3, {4, 33});
  EXPECT_TRUE(PackedLayer(weight, bias, at::kFloat)(x).equal(at::linear(x, weight, bias)));
}

}  // namespace
}  // namespace chatterbox
