// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/resample.h"

#include <gtest/gtest.h>

#include "audio/sinc_resample.h"
#include "audio/trim.h"
#include "chatterbox/error.h"
#include "support/synthetic.h"

namespace chatterbox {
namespace {

using synthetic::golden_case;

TEST(Resample, MatchesLibrosa) {
  const Audio raised = resample({synthetic::signal(22050, 7.317), 22050}, 24000);
  EXPECT_EQ(raised.rate_hz, 24000);
  synthetic::expect_piece(to_tensor(raised), golden_case("resample").at("22050 to 24000"), "up");
  const Audio lowered = resample({synthetic::signal(24000, 2.3), 24000}, 16000);
  synthetic::expect_piece(to_tensor(lowered), golden_case("resample").at("24000 to 16000"), "down");
}

TEST(Resample, LeavesTheSameRateAlone) {
  const Audio audio{{0.25F, -0.5F, 0.75F}, 16000};
  EXPECT_EQ(resample(audio, 16000).samples, audio.samples);
}

TEST(Resample, KeepsNothingOfNothing) {
  const Audio nothing = resample({{}, 16000}, 48000);
  EXPECT_TRUE(nothing.samples.empty());
  EXPECT_EQ(nothing.rate_hz, 48000);
}

TEST(Resample, RefusesBadRates) {
  for (const auto& [from, to] : {std::pair{0, 16000}, {-1, 16000}, {16000, 0}, {16000, -8}}) {
    try {
      resample({{1.0F, 2.0F}, from}, to);
      ADD_FAILURE() << from << " to " << to;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    }
  }
}

TEST(SincResample, MatchesTorchaudio) {
  const at::Tensor lowered = resample_sinc(synthetic::wave(24000, 2.3), 24000, 16000);
  synthetic::expect_piece(lowered, golden_case("resample_sinc"), "sinc");
}

TEST(SincResample, RoundsTheLengthUp) {
  for (const int length : {1, 2, 3, 4, 100, 101})
    EXPECT_EQ(resample_sinc(at::ones({length}), 24000, 16000).numel(), (2 * length + 2) / 3);
}

TEST(Trim, MatchesLibrosa) {
  const at::Tensor wave = synthetic::wave(16000, 2.3);
  const at::Tensor trimmed = trim_silence(wave, 20);
  const auto ends = golden_case("trim").get<std::vector<std::int64_t>>();
  ASSERT_GT(ends.at(0), 0);
  ASSERT_LT(ends.at(1), wave.numel());
  EXPECT_TRUE(trimmed.equal(wave.slice(0, ends.at(0), ends.at(1))));
}

TEST(Trim, LeavesSilenceAlone) { EXPECT_EQ(trim_silence(at::zeros({5000}), 20).numel(), 5000); }

}  // namespace
}  // namespace chatterbox
