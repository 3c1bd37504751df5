// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/plan/residual_plan.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "hift/hift.h"
#include "nn/cpu_features.h"
#include "support/random_s3gen.h"

namespace chatterbox {
namespace {

struct Case {
  Isa isa;
  ResidualPrecision precision;
  double tolerance;  // of the root mean square of the result
};

// The plan on each instruction set against libtorch.
class ResidualPlanTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const Case& c = GetParam();
    if (!supports(c.isa) || (c.precision == ResidualPrecision::kBFloat16 && !has_fast_bfloat16()))
      GTEST_SKIP() << "this processor lacks the instruction set";
  }

  static Conv1d conv(std::int64_t channels, std::int64_t kernel, std::int64_t dilation) {
    auto map = std::make_shared<test::TensorMap>();
    map->set("weight", normal(std::uint64_t(kernel + dilation), {channels, channels, kernel}) /
                           std::sqrt(double(channels * kernel)));
    map->set("bias", normal(99, {channels}) * 0.1);
    return Conv1d(Weights(map, {}), channels, channels, kernel,
                  {.padding = dilation * (kernel - 1) / 2, .dilation = dilation});
  }
  static Snake snake(std::uint64_t seed, std::int64_t channels) {
    auto map = std::make_shared<test::TensorMap>();
    map->set("alpha", 1 + normal(seed, {channels}) * 0.1);
    return Snake(Weights(map, {}), channels);
  }
  static at::Tensor normal(std::uint64_t seed, std::vector<std::int64_t> shape) {
    return Noise(seed, NoiseStream::kFlow).normal(0, c10::multiply_integers(shape)).view(shape);
  }

  // Blocks of two dilations for each kernel, by the plan and by libtorch.
  struct Blocks {
    explicit Blocks(std::int64_t channels, const std::vector<std::int64_t>& kernels) {
      const ResidualKernels* table = residual_kernels_for(GetParam().isa, GetParam().precision);
      for (const std::int64_t kernel : kernels) {
        packed.emplace_back();
        plain.emplace_back();
        for (const std::int64_t dilation : {1, 5})
          for (const std::int64_t each : {dilation, std::int64_t(1)}) {
            const Snake bend = snake(std::uint64_t(7 * kernel + dilation + each), channels);
            const Conv1d layer = conv(channels, kernel, each);
            packed.back().halves.emplace_back(bend, layer, *table);
            plain.back().push_back({bend, layer});
          }
      }
    }
    at::Tensor by_libtorch(const at::Tensor& x) const {
      at::Tensor sum = at::zeros_like(x);
      for (const auto& block : plain) {
        at::Tensor y = x;
        for (std::size_t i = 0; i < block.size(); i += 2)
          y = y + block[i + 1].second(block[i + 1].first(block[i].second(block[i].first(y))));
        sum = sum + y;
      }
      return sum / double(plain.size());
    }
    std::vector<const ResidualBlock*> all() const {
      std::vector<const ResidualBlock*> pointers;
      for (const ResidualBlock& block : packed) pointers.push_back(&block);
      return pointers;
    }
    std::vector<ResidualBlock> packed;
    std::vector<std::vector<std::pair<Snake, Conv1d>>> plain;
  };

  const ResidualPlan plan_{*residual_kernels_for(GetParam().isa, GetParam().precision)};
};

TEST_P(ResidualPlanTest, EqualsLibtorch) {
  for (const std::int64_t channels : {64, 128}) {
    for (const auto& kernels : std::vector<std::vector<std::int64_t>>{{3}, {3, 7, 11}}) {
      const Blocks blocks(channels, kernels);
      // Longer, then shorter again, so that buffers hold what is no longer meant.
      for (const std::int64_t frames : {1, 5, 97, 200, 31}) {
        const at::Tensor x = normal(std::uint64_t(frames), {frames, channels});
        const at::Tensor right = blocks.by_libtorch(x.t().unsqueeze(0))[0].t();
        const at::Tensor got = plan_(x, blocks.all());
        ASSERT_EQ(got.sizes(), right.sizes());
        const double error = (got - right).square().mean().sqrt().item<double>();
        const double size = right.square().mean().sqrt().item<double>();
        EXPECT_LT(error, GetParam().tolerance * size)
            << channels << " channels, " << kernels.size() << " blocks, " << frames << " frames";
      }
    }
  }
}

TEST_P(ResidualPlanTest, ThreadsDoNotMatter) {
  const Blocks blocks(64, {3, 11});
  const at::Tensor x = normal(1, {700, 64});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = plan_(x, blocks.all());
  at::set_num_threads(3);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(plan_(x, blocks.all()).equal(alone)) << "run " << i;
  at::set_num_threads(before);
}

TEST_P(ResidualPlanTest, VocoderSoundsTheSame) {
  ModelConfig config = test::tiny_config(FlowAttention::kFull);
  // The last of three stages, each of half as many, still fills a tile.
  const ResidualKernels* kernels = residual_kernels_for(GetParam().isa, GetParam().precision);
  config.hift.channels = 8 * kernels->packing.columns;
  const auto file = std::make_shared<test::RandomS3Gen>(config);
  const auto vocoder = [&](const std::vector<const ResidualKernels*>& chosen) {
    return std::make_unique<Hift>(Weights(file, {}).scope("mel2wav"), config.hift, chosen);
  };
  const at::Tensor mel = normal(5, {1, 80, 20});
  const at::Tensor source = normal(6, {1, 1, 20 * 480}) * 0.1;
  const at::Tensor right = vocoder({})->decode(mel, source);
  const at::Tensor got = vocoder({kernels})->decode(mel, source);
  EXPECT_FALSE(got.equal(right));
  const double error = (got - right).square().mean().sqrt().item<double>();
  EXPECT_LT(error, 3 * GetParam().tolerance * right.square().mean().sqrt().item<double>());
}

INSTANTIATE_TEST_SUITE_P(Kernels, ResidualPlanTest,
                         ::testing::Values(Case{Isa::kAvx2, ResidualPrecision::kFloat, 1e-5},
                                           Case{Isa::kAvx512, ResidualPrecision::kFloat, 1e-5},
                                           Case{Isa::kAvx512, ResidualPrecision::kBFloat16, 0.01}),
                         [](const auto& info) {
                           std::string name =
                               residual_kernels_for(info.param.isa, info.param.precision)->name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

}  // namespace
}  // namespace chatterbox
