// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/hift.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numbers>

#include "hift/snake.h"
#include "hift/vocoder_stream.h"
#include "support/random_s3gen.h"

namespace chatterbox {
namespace {

using test::largest_difference;

class HiftTest : public ::testing::Test {
 protected:
  const ModelConfig config_ = test::tiny_config(FlowAttention::kChunk);
  const Weights weights_ =
      Weights(std::make_shared<test::RandomS3Gen>(config_), {}).scope("mel2wav");
  const Hift hift_{weights_, config_.hift};

  at::Tensor mel(std::int64_t frames) const {
    return Noise(4, NoiseStream::kFlow)
        .normal(0, 80 * frames)
        .view({1, frames, 80})
        .transpose(1, 2);
  }
  at::Tensor excitation(std::int64_t frames) const {
    return Noise(4, NoiseStream::kHarmonicNoise).normal(0, 480 * frames).view({1, 1, -1}) * 0.1;
  }
};

TEST(Spectrum, InvertsItself) {
  const Spectrum spectrum(at::kFloat);
  const at::Tensor x = Noise(1, NoiseStream::kFlow).normal(0, 400).view({1, -1});
  const at::Tensor parts = spectrum.analyse(x);
  EXPECT_EQ(parts.sizes(), at::IntArrayRef({1, 18, 101}));
  EXPECT_LT(largest_difference(spectrum.synthesise(parts), x), 1e-5);
}

TEST(Spectrum, FindsASine) {
  const Spectrum spectrum(at::kFloat);
  // Three turns in 16 samples: bin 3, at half the sum of the window.
  const at::Tensor x = (at::arange(160, at::kFloat) * (2 * std::numbers::pi * 3 / 16)).cos();
  const at::Tensor parts = spectrum.analyse(x.view({1, -1}))[0].select(1, 20);
  const at::Tensor loudness =
      (parts.narrow(0, 0, 9).square() + parts.narrow(0, 9, 9).square()).sqrt();
  EXPECT_EQ(loudness.argmax().item<std::int64_t>(), 3);
  EXPECT_NEAR(loudness[3].item<float>(), 4.0, 1e-3);
}

TEST_F(HiftTest, SnakeFollowsItsDefinition) {
  const Weights fresh(std::make_shared<test::RandomS3Gen>(config_), {});
  const Snake snake(fresh.scope("mel2wav.resblocks.0.activations1.0"), 8);
  const at::Tensor x = Noise(2, NoiseStream::kFlow).normal(0, 8 * 1000).view({1, 8, 1000}) * 20;
  const at::Tensor a = snake.alpha.to(at::kDouble);
  const at::Tensor wide = x.to(at::kDouble);
  const at::Tensor expected = wide + (wide * a).sin().square() / a;
  EXPECT_LT(largest_difference(snake(x).to(at::kDouble), expected), 2e-5);
}

TEST_F(HiftTest, SinesCarryOn) {
  const at::Tensor f0 = at::tensor({100.0f, 120.0f, 0.0f, 333.3f, 90.0f});
  const at::Tensor offsets = at::arange(9, at::kFloat) * 0.3;
  const at::Tensor noise =
      Noise(6, NoiseStream::kHarmonicNoise).normal(0, 5 * 480 * 9).view({-1, 9});
  HarmonicSource::Phase phase = hift_.source().start();
  const at::Tensor whole = hift_.source()(f0, offsets, noise, phase);
  phase = hift_.source().start();
  const at::Tensor first =
      hift_.source()(f0.narrow(0, 0, 2), offsets, noise.narrow(0, 0, 960), phase);
  const at::Tensor second =
      hift_.source()(f0.narrow(0, 2, 3), offsets, noise.narrow(0, 960, 1440), phase);
  EXPECT_LT(largest_difference(at::cat({first, second}, 2), whole), 1e-6);
}

TEST_F(HiftTest, PitchIsWhatSinesHave) {
  const at::Tensor f0 = at::full({50}, 100.0);
  HarmonicSource::Phase phase = hift_.source().start();
  hift_.source()(f0, at::zeros({9}), at::zeros({50 * 480, 9}), phase);
  // One second: 100 turns, and their multiples.
  for (int h = 0; h < 9; ++h) EXPECT_NEAR(phase[h], 100.0 * (h + 1), 1e-3);
}

TEST_F(HiftTest, ReachIsLongEnough) {
  const std::int64_t frames = 60, begin = 25, end = 30;
  const at::Tensor x = mel(frames), s = excitation(frames);
  const at::Tensor whole = hift_.decode(x, s).narrow(1, begin * 480, (end - begin) * 480);
  const auto window = [&](std::int64_t reach) {
    const std::int64_t first = begin - reach, count = end - begin + 2 * reach;
    return hift_.decode(x.narrow(2, first, count), s.narrow(2, first * 480, count * 480), reach,
                        reach + end - begin);
  };
  EXPECT_LT(largest_difference(window(Hift::kReach), whole), 1e-5);
  // The test would notice if windows were too narrow.
  EXPECT_GT(largest_difference(window(3), whole), 1e-5);
}

TEST_F(HiftTest, PitchReachIsLongEnough) {
  const at::Tensor x = mel(40);
  const at::Tensor whole = hift_.f0(x);
  const auto window = [&](std::int64_t reach) {
    return hift_.f0(x.narrow(2, 20 - reach, 2 * reach + 1)).select(1, reach);
  };
  EXPECT_NEAR(window(F0Predictor::kReach).item<float>(), whole[0][20].item<float>(), 1e-3);
  EXPECT_GT(std::abs(window(3).item<float>() - whole[0][20].item<float>()), 1e-3);
}

TEST_F(HiftTest, StreamEqualsWhole) {
  const at::Tensor x = mel(70);
  VocoderStream at_once(hift_, 8);
  const at::Tensor whole = at_once.push(x, /*last=*/true);
  ASSERT_EQ(whole.size(0), 70 * 480);
  for (const std::int64_t piece : {1, 7, 33}) {
    VocoderStream stream(hift_, 8);
    std::vector<at::Tensor> parts;
    for (std::int64_t t = 0; t < 70; t += piece) {
      const std::int64_t count = std::min(piece, 70 - t);
      parts.push_back(stream.push(x.narrow(2, t, count), t + count == 70));
      const std::int64_t ready = std::max<std::int64_t>(0, t + count - VocoderStream::kLookahead);
      if (t + count < 70) {
        EXPECT_EQ(at::cat(parts).size(0), ready * 480);
      }
    }
    const at::Tensor all = at::cat(parts);
    ASSERT_EQ(all.size(0), whole.size(0));
    // Pitch rounds differently in other windows, and sines add that up.
    EXPECT_LT(largest_difference(all, whole), 1e-3 * whole.abs().max().item<double>()) << piece;
  }
}

}  // namespace
}  // namespace chatterbox
