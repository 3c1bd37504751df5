// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The stages of a live conversion over random weights: given the lookahead they
// would like to have, they are exact.
#include <gtest/gtest.h>

#include "hift/vocoder_stream.h"
#include "live/live_shape.h"
#include "live/live_speech.h"
#include "live/live_vocoder.h"
#include "live/silence_gate.h"
#include "support/random_s3gen.h"

namespace chatterbox {
namespace {

using test::largest_difference;

constexpr std::int64_t kPromptTokens = 8;
constexpr std::uint64_t kSeed = 21;

class LiveTest : public ::testing::TestWithParam<test::Kinds> {
 protected:
  std::shared_ptr<const PromptCache> prompt(std::int64_t extra = 0) const {
    return std::make_shared<const PromptCache>(
        s3gen_, *test::random_conditionals(config_, kPromptTokens, extra),
        FlowChoice{config_.s3gen.attention});
  }
  at::Tensor tokens(std::int64_t count) const {
    return at::tensor(test::random_tokens(config_, count), at::kLong);
  }

  const ModelConfig config_ = test::tiny_config(GetParam());
  const Weights weights_{std::make_shared<test::RandomS3Gen>(config_), {}};
  const S3Gen s3gen_{weights_.scope("flow"), config_};
  const Hift hift_{weights_.scope("mel2wav"), config_.hift};
};

TEST_P(LiveTest, MelWithTrueTokensAheadIsTheStreamedMel) {
  constexpr std::int64_t kChunk = 10, kTokens = 60;
  const at::Tensor all = tokens(kTokens + 3);
  MelStream streamed(s3gen_, prompt(), kSeed, {}), live(s3gen_, prompt(), kSeed, {});
  std::vector<at::Tensor> expected, got;
  for (std::int64_t i = 0; i < kTokens; i += kChunk) {
    // The stream holds three tokens back: its chunks end where the live ones do.
    expected.push_back(streamed.push(all.slice(0, i == 0 ? 0 : i + 3, i + kChunk + 3), false));
    got.push_back(
        live.push_live(all.slice(0, i, i + kChunk), all.slice(0, i + kChunk, i + kChunk + 3)));
  }
  EXPECT_LT(largest_difference(at::cat(got), at::cat(expected)), 1e-4);
}

// Far beyond what attention remembers: neither memory nor result runs away.
TEST_P(LiveTest, SpeaksWithoutAnEnd) {
  constexpr std::int64_t kChunk = 50;
  constexpr int kChunks = 6;
  LiveSpeech speech(s3gen_, hift_, prompt(), {.seed = kSeed, .vocoder_lookahead = 4});
  const at::Tensor chunk = tokens(kChunk + 3);
  std::int64_t samples = 0;
  for (int i = 0; i < kChunks; ++i) {
    const at::Tensor piece = speech.push(chunk.slice(0, 0, kChunk), chunk.slice(0, kChunk));
    EXPECT_TRUE(at::isfinite(piece).all().item<bool>());
    samples += piece.size(0);
  }
  EXPECT_EQ(samples, kChunks * kChunk * 960 - 4 * 480);
  EXPECT_EQ(speech.finish().size(0), 4 * 480);
}

// Attention's cache, and with full attention the tokens, are as large after a minute as after
// twenty seconds, but for up to 100 tokens, the pieces in which the past is forgotten.
TEST_P(LiveTest, RemembersABoundedPast) {
  constexpr std::int64_t kChunk = 25;
  MelStream stream(s3gen_, prompt(), kSeed, {});
  const auto speak_seconds = [&](int seconds) {
    for (int i = 0; i < seconds; ++i) {
      const at::Tensor chunk = tokens(kChunk + 3);
      EXPECT_EQ(stream.push_live(chunk.slice(0, 0, kChunk), chunk.slice(0, kChunk)).size(0),
                2 * kChunk);
    }
    return stream.bytes();
  };
  const std::int64_t bytes = speak_seconds(20);
  EXPECT_LE(speak_seconds(40), bytes + 100 * std::int64_t(sizeof(std::int64_t)));
}

TEST_P(LiveTest, PromptsOfAnyLengthGiveWholeTokens) {
  for (const std::int64_t extra : {0, 1}) {
    LiveSpeech speech(s3gen_, hift_, prompt(extra), {.seed = kSeed, .vocoder_lookahead = 2});
    const at::Tensor all = tokens(6);
    std::int64_t samples = 0;
    for (int i = 0; i < 5; ++i)
      samples += speech.push(all.slice(0, i, i + 1), all.slice(0, i + 1, i + 2)).size(0);
    EXPECT_EQ(samples + speech.finish().size(0), 5 * 960) << extra;
  }
}

TEST_P(LiveTest, VocoderWithAllItWouldLikeIsExact) {
  const at::Tensor mel = at::randn({1, 80, 120});
  const at::Tensor whole = VocoderStream(hift_, kSeed).push(mel, true);
  LiveVocoder live(hift_, kSeed, VocoderStream::kLookahead);
  std::vector<at::Tensor> pieces;
  for (std::int64_t i = 0; i < 120; i += 8)
    pieces.push_back(live.push(mel.slice(2, i, i + 8), i + 8 >= 120));
  const at::Tensor samples = at::cat(pieces);
  ASSERT_EQ(samples.size(0), whole.size(0));
  EXPECT_LT(largest_difference(samples, whole), 1e-3 * whole.abs().max().item<double>());
}

// With little lookahead samples differ, but no step is larger at a join.
TEST_P(LiveTest, VocoderJoinsDoNotClick) {
  const at::Tensor mel = at::randn({1, 80, 200});
  LiveVocoder live(hift_, kSeed, 2);
  std::vector<at::Tensor> pieces;
  std::vector<std::int64_t> joins;
  std::int64_t position = 0;
  for (std::int64_t i = 0; i < 200; i += 4) {
    pieces.push_back(live.push(mel.slice(2, i, i + 4), i + 4 >= 200));
    position += pieces.back().size(0);
    joins.push_back(position);
  }
  const at::Tensor samples = at::cat(pieces);
  const at::Tensor steps = (samples.slice(0, 1) - samples.slice(0, 0, -1)).abs();
  const float largest = steps.max().item<float>();
  double at_joins = 0;
  for (std::size_t i = 1; i + 1 < joins.size(); ++i)
    at_joins += steps[joins[i] - 1].item<float>() / double(joins.size() - 2);
  EXPECT_LT(at_joins, 3 * steps.mean().item<float>());
  EXPECT_LT(at_joins, largest);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, LiveTest,
    ::testing::Combine(::testing::Values(FlowAttention::kChunk, FlowAttention::kFull),
                       ::testing::Values(FlowKind::kGuided, FlowKind::kMeanFlow)),
    [](const auto& info) { return test::name_of(info.param); });

TEST(LiveShape, SplitsTheLookahead) {
  ConversionOptions options;
  for (int lookahead = 60; lookahead <= 520; lookahead += 20) {
    options.lookahead = lookahead;
    const LiveShape shape(options);
    EXPECT_EQ(shape.ahead * 40 + shape.vocoder_lookahead * 20, lookahead);
    EXPECT_GE(shape.ahead, 1);
    EXPECT_LE(shape.ahead, 3);
    EXPECT_GE(shape.vocoder_lookahead, 1);
    EXPECT_EQ(shape.latency(), Converter::latency(options));
    EXPECT_EQ(shape.latency(), options.chunk_size * 640 + lookahead * 16 + 40 + 1024);
    ConversionOptions unmarked = options;
    unmarked.watermark = false;
    EXPECT_EQ(LiveShape(unmarked).latency(), shape.latency() - 1024);
  }
}

TEST(SilenceGate, HoldsThroughPausesOfSpeech) {
  SilenceGate gate(-40);
  gate.push(std::vector<float>(640 * 10, 0.001f));
  gate.push(std::vector<float>(640 * 2, 0.5f));
  gate.push(std::vector<float>(640 * 20, 0.001f));
  EXPECT_FALSE(gate.is_open(0, 9));
  EXPECT_TRUE(gate.is_open(8, 11));   // about to begin
  EXPECT_TRUE(gate.is_open(16, 18));  // just over
  EXPECT_FALSE(gate.is_open(20, 22));
}

TEST(SilenceGate, CanBeTurnedOff) {
  SilenceGate gate(-100);
  gate.push(std::vector<float>(640, 1e-6f));
  gate.push(std::vector<float>(6400, 0.0f));
  EXPECT_TRUE(gate.is_open(0, 1));
  EXPECT_FALSE(gate.is_open(8, 10));
}

}  // namespace
}  // namespace chatterbox
