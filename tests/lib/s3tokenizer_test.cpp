// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3tokenizer/s3tokenizer.h"

#include <gtest/gtest.h>

#include "chatterbox/error.h"
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

TEST_F(S3TokenizerTest, RefusesTooLittle) {
  EXPECT_THROW(tokenizer_.tokenize(at::zeros({200})), Error);
}

}  // namespace
}  // namespace chatterbox
