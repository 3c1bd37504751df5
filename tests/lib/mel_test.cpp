// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/mel.h"

#include <gtest/gtest.h>

#include "audio/fbank.h"
#include "chatterbox/error.h"
#include "support/synthetic.h"

namespace chatterbox {
namespace {

using synthetic::golden_case;

TEST(Mel, MatchesUpstreamsThreeFrontEnds) {
  const at::Tensor wave16 = synthetic::wave(16000, 2.3);
  const at::Tensor wave24 = synthetic::wave(24000, 2.3);
  const auto& expected = golden_case("mel");
  synthetic::expect_columns(Mel(voice_encoder_mel(40))(wave16), expected.at("voice_encoder"),
                            "voice encoder");
  synthetic::expect_columns(Mel(tokenizer_mel(128))(wave16), expected.at("tokenizer"), "tokenizer");
  synthetic::expect_columns(Mel(prompt_mel())(wave24), expected.at("prompt"), "prompt");
}

TEST(Mel, PromptHasTwoFramesForEachToken) {
  EXPECT_EQ(Mel(prompt_mel())(at::zeros({960 * 7})).size(1), 14);
  EXPECT_EQ(Mel(tokenizer_mel(128))(at::zeros({640 * 7})).size(1), 28);
}

TEST(Mel, FloorsSilence) {
  EXPECT_NEAR(Mel(prompt_mel())(at::zeros({4800})).max().item<double>(), std::log(1e-5), 0.5);
  EXPECT_FLOAT_EQ(Mel(tokenizer_mel(128))(at::zeros({4800})).max().item<float>(), -1.5F);
}

TEST(Mel, RefusesLessThanItsEdge) {
  try {
    Mel(tokenizer_mel(128))(at::zeros({200}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  }
}

TEST(Mel, FiltersHaveEqualAreas) {
  const MelParams params = tokenizer_mel(40);
  // Slaney's norm: each triangle has the area one, counted in Hz.
  const at::Tensor areas = slaney_filters(params).sum(1) * (16000.0 / 400.0);
  EXPECT_NEAR(areas.slice(0, 10).min().item<double>(), 1.0, 0.05);
  EXPECT_NEAR(areas.slice(0, 10).max().item<double>(), 1.0, 0.05);
}

TEST(Fbank, MatchesKaldi) {
  const at::Tensor frames = KaldiFbank(80)(synthetic::wave(16000, 2.3));
  const at::Tensor centred = frames - frames.mean(0, true);
  synthetic::expect_columns(centred.transpose(0, 1), golden_case("fbank"), "fbank");
}

TEST(Fbank, TakesWholeFramesOnly) {
  const KaldiFbank fbank(80);
  EXPECT_EQ(fbank(at::zeros({400})).size(0), 1);
  EXPECT_EQ(fbank(at::zeros({559})).size(0), 1);
  EXPECT_EQ(fbank(at::zeros({560})).size(0), 2);
  EXPECT_THROW(fbank(at::zeros({399})), Error);
}

}  // namespace
}  // namespace chatterbox
