// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3tokenizer/s3tokenizer.h"

#include <gtest/gtest.h>

#include "chatterbox/error.h"
#include "nn/cpu_features.h"
#include "support/random_tokenizer.h"
#include "support/synthetic.h"

namespace chatterbox {
namespace {

using synthetic::golden_case;

class S3TokenizerTest : public testing::Test {
 protected:
  S3Tokenizer tokenizer_{synthetic::weights().scope("tokenizer"), synthetic::config().s3tokenizer};
};

TEST_F(S3TokenizerTest, MatchesUpstream) {
  const at::Tensor wave = synthetic::wave(16000, 2.3);
  synthetic::expect_tokens(tokenizer_.tokenize(wave), golden_case("s3tokenizer").at("short"),
                           "short");
}

TEST_F(S3TokenizerTest, LimitsTokensAsUpstream) {
  const at::Tensor wave = synthetic::wave(16000, 2.3);
  const at::Tensor tokens = tokenizer_.tokenize(wave, 20);
  EXPECT_EQ(tokens.size(1), 20);
  synthetic::expect_tokens(tokens, golden_case("s3tokenizer").at("limited"), "limited");
}

TEST_F(S3TokenizerTest, JoinsWindowsOfLongRecordingsAsUpstream) {
  const at::Tensor tokens = tokenizer_.tokenize(synthetic::wave(16000, 33.1));
  EXPECT_EQ(tokens.size(1), 828);
  synthetic::expect_tokens(tokens, golden_case("s3tokenizer").at("long"), "long");
}

TEST_F(S3TokenizerTest, GivesATokenForEachBegunFortyMilliseconds) {
  for (const int samples : {640, 641, 960, 1280, 1500})
    EXPECT_EQ(tokenizer_.tokenize(at::zeros({samples})).size(1), (samples / 160 + 3) / 4);
}

TEST_F(S3TokenizerTest, HearsAWholeRecordingAtOnceAsItReadsIt) {
  const at::Tensor wave = synthetic::wave(16000, 2.3);
  S3Tokenizer::Cache cache;
  const at::Tensor mel = tokenizer_.features(wave);
  EXPECT_TRUE(tokenizer_.next_tokens(mel, /*lead=*/0, /*ahead=*/0, /*context=*/1000, cache)
                  .equal(tokenizer_.tokenize(wave)[0]));
}

// Speech without an end is heard in the model's type; recordings, which become voices, never are.
TEST(S3TokenizerTypes, OnlyLiveSpeechFollowsTheModel) {
  if (!has_fast_bfloat16()) GTEST_SKIP() << "this processor does not multiply bfloat16";
  S3TokenizerConfig config;
  config.state = 128;
  config.heads = 2;
  config.layers = 2;
  const auto make = [&](at::ScalarType type) {
    Placement placement;
    placement.dtype = type;
    return S3Tokenizer(Weights(std::make_shared<test::RandomTokenizer>(config), placement), config);
  };
  const S3Tokenizer exact = make(at::kFloat), rounded = make(at::kBFloat16);
  const at::Tensor wave = synthetic::wave(16000, 4.0);
  EXPECT_TRUE(rounded.tokenize(wave).equal(exact.tokenize(wave)));
  const auto live = [&](const S3Tokenizer& tokenizer) {
    S3Tokenizer::Cache cache;
    return tokenizer.next_tokens(tokenizer.features(wave), 0, 0, 1000, cache);
  };
  const double same = live(rounded).eq(live(exact)).to(at::kFloat).mean().item<double>();
  EXPECT_GT(same, 0.7);
  EXPECT_LT(same, 1);
}

TEST_F(S3TokenizerTest, RefusesTooLittle) {
  EXPECT_THROW(tokenizer_.tokenize(at::zeros({200})), Error);
}

}  // namespace
}  // namespace chatterbox
