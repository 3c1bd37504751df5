// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/noise.h"

#include <gtest/gtest.h>

#include <array>

namespace chatterbox {
namespace {

// The first block of Philox 4x32-10 for counter 0 and key 0, from the authors'
// known answers (Random123, kat_vectors).
TEST(Noise, IsPhilox) {
  constexpr std::array<std::uint32_t, 4> kKnown{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  std::array<float, 4> drawn;
  Noise(0, NoiseStream{0}).uniform(0, 4, drawn.data());
  for (std::size_t i = 0; i < kKnown.size(); ++i)
    EXPECT_EQ(drawn[i], float(kKnown[i] >> 8) * 0x1p-24f) << i;
}

TEST(Noise, IsTheSameInPieces) {
  const Noise noise(42, NoiseStream::kFlow);
  const at::Tensor whole = noise.normal(0, 1000);
  const std::array<std::int64_t, 6> cuts{0, 1, 7, 256, 900, 1000};
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i)
    EXPECT_TRUE(noise.normal(cuts[i], cuts[i + 1] - cuts[i])
                    .equal(whole.narrow(0, cuts[i], cuts[i + 1] - cuts[i])))
        << cuts[i];
}

TEST(Noise, IsAddressedFarOut) {
  const Noise noise(42, NoiseStream::kHarmonicNoise);
  const std::int64_t far = (std::int64_t(1) << 40) + 5;
  EXPECT_TRUE(noise.normal(far, 10).narrow(0, 3, 7).equal(noise.normal(far + 3, 7)));
  EXPECT_FALSE(noise.normal(far, 10).equal(noise.normal(5, 10)));
}

TEST(Noise, IsNormal) {
  const at::Tensor x = Noise(7, NoiseStream::kFlow).normal(0, 1 << 18).to(at::kDouble);
  EXPECT_NEAR(x.mean().item<double>(), 0, 0.01);
  EXPECT_NEAR(x.pow(2).mean().item<double>(), 1, 0.01);
  EXPECT_NEAR(x.pow(3).mean().item<double>(), 0, 0.05);
  EXPECT_NEAR(x.pow(4).mean().item<double>(), 3, 0.1);
  // Neighbours know nothing of each other.
  const at::Tensor products = x.narrow(0, 0, x.size(0) - 1) * x.narrow(0, 1, x.size(0) - 1);
  EXPECT_NEAR(products.mean().item<double>(), 0, 0.01);
}

TEST(Noise, DiffersBySeedAndStream) {
  const at::Tensor x = Noise(1, NoiseStream::kFlow).normal(0, 100);
  EXPECT_TRUE(x.equal(Noise(1, NoiseStream::kFlow).normal(0, 100)));
  EXPECT_FALSE(x.equal(Noise(2, NoiseStream::kFlow).normal(0, 100)));
  EXPECT_FALSE(x.equal(Noise(1, NoiseStream::kFlowPrompt).normal(0, 100)));
  EXPECT_FALSE(x.equal(Noise(std::uint64_t(1) << 32, NoiseStream::kFlow).normal(0, 100)));
}

}  // namespace
}  // namespace chatterbox
