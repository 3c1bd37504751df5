// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech_stream.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/random_s3gen.h"

namespace chatterbox {
namespace {

using test::largest_difference;

constexpr std::int64_t kPromptTokens = 8;
constexpr std::int64_t kTokens = 70;
constexpr std::uint64_t kSeed = 21;

class SpeechStreamTest : public ::testing::TestWithParam<test::Kinds> {
 protected:
  std::shared_ptr<const PromptCache> prompt(std::int64_t extra = 0) const {
    return std::make_shared<const PromptCache>(
        s3gen_, *test::random_conditionals(config_, kPromptTokens, extra), choice_);
  }

  at::Tensor speak(std::int64_t first_chunk, std::int64_t chunk, std::int64_t handed,
                   std::int64_t extra = 0) const {
    return speak({.seed = kSeed, .first_chunk = first_chunk, .chunk = chunk}, kTokens, handed,
                 extra);
  }
  at::Tensor speak(const SpeechStream::Options& options, std::int64_t tokens, std::int64_t handed,
                   std::int64_t extra) const {
    SpeechStream stream(s3gen_, hift_, prompt(extra), options);
    std::vector<at::Tensor> parts;
    for (std::int64_t i = 0; i < tokens; i += handed) {
      const auto count = std::size_t(std::min(handed, tokens - i));
      parts.push_back(stream.push({tokens_.data() + i, count}));
    }
    parts.push_back(stream.finish());
    const at::Tensor all = at::cat(parts);
    EXPECT_EQ(all.size(0), stream.position());
    return all;
  }

  // The whole utterance without any stream: attention masked where `groups`
  // say so, the vocoder over all frames at once.
  at::Tensor speak_at_once(const Groups& groups, std::int64_t extra = 0) const {
    const auto speaker = test::random_conditionals(config_, kPromptTokens, extra);
    const std::int64_t frames = 2 * kTokens - extra;
    const at::Tensor fresh =
        Noise(kSeed, NoiseStream::kFlow).normal(0, frames * 80).view({frames, 80});
    const at::Tensor noise = at::cat({prompt(extra)->noise(), fresh}).t().unsqueeze(0);
    const at::Tensor mel =
        s3gen_.mel(at::tensor(tokens_, at::kLong).unsqueeze(0), *speaker, noise, groups);
    return VocoderStream(hift_, kSeed).push(mel, /*last=*/true);
  }

  const ModelConfig config_ = test::tiny_config(GetParam());
  const FlowChoice choice_{config_.s3gen.attention};
  const Weights weights_{std::make_shared<test::RandomS3Gen>(config_), {}};
  const S3Gen s3gen_{weights_.scope("flow"), config_};
  const Hift hift_{weights_.scope("mel2wav"), config_.hift};
  const std::vector<std::int64_t> tokens_ = test::random_tokens(config_, kTokens);
};

// Everything after the fade at the very start.
at::Tensor after_fade(const at::Tensor& samples) {
  return samples.narrow(0, 960, samples.size(0) - 960);
}

TEST_P(SpeechStreamTest, HowTokensArriveNeverShows) {
  const at::Tensor one_by_one = speak(10, 25, 1);
  EXPECT_TRUE(speak(10, 25, 7).equal(one_by_one));
  EXPECT_TRUE(speak(10, 25, kTokens).equal(one_by_one));
  EXPECT_EQ(one_by_one.size(0), kTokens * 960);
}

TEST_P(SpeechStreamTest, OneChunkIsWholeSynthesis) {
  for (const std::int64_t extra : {0, 1}) {
    const at::Tensor streamed = speak(0, 0, 11, extra);
    const Groups groups = choice_.attention == FlowAttention::kChunk
                              ? Groups{kPromptTokens - 3, kPromptTokens + kTokens}
                              : Groups{};
    const at::Tensor whole = speak_at_once(groups, extra);
    ASSERT_EQ(streamed.size(0), kTokens * 960 - extra * 480);
    EXPECT_LT(largest_difference(after_fade(streamed), after_fade(whole)),
              1e-3 * whole.abs().max().item<double>());
  }
}

// To a length, not by a token: where the prompt's mel takes a frame, half a token is left.
TEST_P(SpeechStreamTest, CutsTheLastToken) {
  for (const std::int64_t extra : {0, 1}) {
    for (const std::int64_t tokens : {1, 2, 3, 4, 30}) {
      SpeechStream::Options options{.seed = kSeed, .first_chunk = 4, .chunk = 9};
      const at::Tensor all = speak(options, tokens, 1, extra);
      options.cut_last_token = true;
      const std::int64_t length =
          std::min(std::max<std::int64_t>(1, tokens - 1) * 960, all.size(0));
      for (const std::int64_t handed : {1, 5})
        EXPECT_TRUE(speak(options, tokens, handed, extra).equal(all.narrow(0, 0, length)))
            << tokens << " tokens, " << extra << " frames more";
    }
  }
}

TEST_P(SpeechStreamTest, FadesInOnlyAtTheStart) {
  const at::Tensor samples = speak(10, 25, 1);
  EXPECT_EQ(samples.narrow(0, 0, 480).abs().max().item<float>(), 0);
  EXPECT_GT(samples.narrow(0, 960, 480).abs().max().item<float>(), 0);
  // No dip where a chunk ends: every 20 ms are about as loud as the rest.
  const at::Tensor loudness = after_fade(samples).view({-1, 480}).square().mean(1).sqrt();
  EXPECT_GT(loudness.min().item<float>(), 0.3 * loudness.median().item<float>());
}

// What jumps from sample to sample at joins jumps no more than elsewhere.
TEST_P(SpeechStreamTest, JoinsDoNotClick) {
  SpeechStream stream(s3gen_, hift_, prompt(), {.seed = kSeed, .first_chunk = 12, .chunk = 12});
  std::vector<std::int64_t> joins;
  std::vector<at::Tensor> parts;
  for (const std::int64_t token : tokens_) {
    parts.push_back(stream.push({&token, 1}));
    if (parts.back().size(0) > 0) joins.push_back(stream.position());
  }
  parts.push_back(stream.finish());
  ASSERT_GE(joins.size(), 4u);
  const at::Tensor samples = at::cat(parts);
  const at::Tensor steps =
      (samples.narrow(0, 1, samples.size(0) - 1) - samples.narrow(0, 0, samples.size(0) - 1)).abs();
  const float largest = steps.narrow(0, 960, steps.size(0) - 960).max().item<float>();
  const float usual = steps.median().item<float>();
  for (const std::int64_t join : joins) {
    if (join >= samples.size(0)) continue;
    const float step = steps[join - 1].item<float>();
    EXPECT_LE(step, largest);
    EXPECT_LT(step, 8 * usual) << "at sample " << join;
  }
}

TEST_P(SpeechStreamTest, SpeaksShortUtterances) {
  for (const std::int64_t count : {1, 2, 3, 4}) {
    SpeechStream stream(s3gen_, hift_, prompt(), {.seed = kSeed, .first_chunk = 1, .chunk = 1});
    at::Tensor samples = stream.push({tokens_.data(), std::size_t(count)});
    samples = at::cat({samples, stream.finish()});
    EXPECT_EQ(samples.size(0), count * 960) << count << " tokens";
  }
  SpeechStream silent(s3gen_, hift_, prompt(), {.seed = kSeed, .chunk = 5});
  EXPECT_EQ(silent.finish().size(0), 0);
}

TEST_P(SpeechStreamTest, SeedsDiffer) {
  SpeechStream stream(s3gen_, hift_, prompt(), {.seed = kSeed + 1});
  stream.push(tokens_);
  EXPECT_FALSE(stream.finish().equal(speak(0, 0, kTokens)));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, SpeechStreamTest,
    ::testing::Combine(::testing::Values(FlowAttention::kChunk, FlowAttention::kFull),
                       ::testing::Values(FlowKind::kGuided, FlowKind::kMeanFlow)),
    [](const auto& info) { return test::name_of(info.param); });

// With groups, what was streamed is what whole synthesis gives.
using ChunkedStreamTest = SpeechStreamTest;
TEST_P(ChunkedStreamTest, StreamEqualsMaskedWhole) {
  const Groups groups{kPromptTokens - 3, kPromptTokens + 7, kPromptTokens + 32, kPromptTokens + 57,
                      kPromptTokens + kTokens};
  const at::Tensor whole = speak_at_once(groups);
  EXPECT_LT(largest_difference(after_fade(speak(10, 25, 1)), after_fade(whole)),
            1e-3 * whole.abs().max().item<double>());
}
INSTANTIATE_TEST_SUITE_P(Kinds, ChunkedStreamTest,
                         ::testing::Combine(::testing::Values(FlowAttention::kChunk),
                                            ::testing::Values(FlowKind::kGuided,
                                                              FlowKind::kMeanFlow)),
                         [](const auto& info) { return test::name_of(info.param); });

// Of long speech the prompt and the newest tokens are seen, which are remembered in the same
// memory.
TEST_P(ChunkedStreamTest, RemembersABoundedPast) {
  MelStream stream(s3gen_, prompt(), kSeed, {});
  const auto speak_chunks = [&](int count) {
    at::Tensor mel;
    for (int i = 0; i < count; ++i)
      mel = stream.push(at::tensor(test::random_tokens(config_, 25), at::kLong), /*last=*/false);
    EXPECT_EQ(mel.size(0), 50);
    EXPECT_TRUE(at::isfinite(mel).all().item<bool>());
    return stream.bytes();
  };
  const std::int64_t bytes = speak_chunks(20);
  EXPECT_GT(bytes, prompt()->bytes());
  // The past is forgotten in pieces of up to 100 tokens.
  EXPECT_LE(speak_chunks(40), bytes + 100 * std::int64_t(sizeof(std::int64_t)));
}

// A model that mends the colour of voices, and the same model without that.
class ColourTest : public ::testing::Test {
 protected:
  static constexpr FlowChoice kChoice{FlowAttention::kChunk};
  static ModelConfig config(double colour) {
    ModelConfig made = test::tiny_config(FlowAttention::kChunk);
    made.s3gen.flow.colour = colour;
    return made;
  }
  static S3Gen flow(double colour) {
    return {Weights(std::make_shared<test::RandomS3Gen>(config(colour)), {}).scope("flow"),
            config(colour)};
  }
  // Mel that the flow makes of the prompt, as far as it is cached.
  static at::Tensor made(const S3Gen& s3gen, const PromptCache& prompt) {
    const std::int64_t frames = prompt.cached_tokens() * kFramesPerToken;
    S3Gen::Cache cache;
    return s3gen.next_mel(prompt.tokens(), prompt.length() - prompt.cached_tokens(),
                          prompt.speaker(), prompt.mel().narrow(0, 0, frames),
                          prompt.noise().narrow(0, 0, frames), cache);
  }

  const S3Gen plain_ = flow(0), whole_ = flow(1), half_ = flow(0.5);
  const std::shared_ptr<Conditionals> speaker_ = test::random_conditionals(config(0), 40);
};

TEST_F(ColourTest, BringsSpeechOfThePromptToItsMean) {
  // Pauses are of no colour: every fourth frame.
  const at::Tensor pauses = at::arange(80).remainder(4).eq(3);
  speaker_->prompt_mel.index_put_({at::zeros({1}, at::kLong), pauses.nonzero().squeeze(1)}, -20);
  const PromptCache prompt(whole_, *speaker_, kChoice);
  const at::Tensor mel = made(whole_, prompt);
  const at::Tensor speech = pauses.logical_not().narrow(0, 0, mel.size(0)).nonzero().squeeze(1);
  const at::Tensor wanted = prompt.mel().index_select(0, speech).mean(0);
  const at::Tensor mean = mel.index_select(0, speech).mean(0);
  EXPECT_LT(largest_difference(mean + prompt.colour(), wanted), 1e-4);
  EXPECT_GT(largest_difference(mean, wanted), 0.1);
}

TEST_F(ColourTest, IsAddedToAllThatIsNew) {
  const auto plain = std::make_shared<const PromptCache>(plain_, *speaker_, kChoice);
  const auto half = std::make_shared<const PromptCache>(half_, *speaker_, kChoice);
  EXPECT_FALSE(plain->colour().defined());
  EXPECT_LT(
      largest_difference(half->colour() * 2, PromptCache(whole_, *speaker_, kChoice).colour()),
      1e-5);
  MelStream without(plain_, plain, kSeed, {}), with(half_, half, kSeed, {});
  MelStream live_without(plain_, plain, kSeed, {}), live_with(half_, half, kSeed, {});
  const at::Tensor tokens = at::tensor(test::random_tokens(config(0), 30), at::kLong);
  for (const std::int64_t first : {0, 10, 20}) {
    const at::Tensor piece = tokens.narrow(0, first, 10);
    const at::Tensor mel = without.push(piece, first == 20);
    EXPECT_LT(largest_difference(with.push(piece, first == 20), mel + half->colour()), 1e-5);
    const at::Tensor live = live_without.push_live(piece, piece.narrow(0, 0, 3));
    EXPECT_LT(largest_difference(live_with.push_live(piece, piece.narrow(0, 0, 3)),
                                 live + half->colour()),
              1e-5);
  }
}

}  // namespace
}  // namespace chatterbox
