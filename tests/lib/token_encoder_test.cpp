// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/token_encoder.h"

#include <gtest/gtest.h>

#include "support/random_s3gen.h"

namespace chatterbox {
namespace {

using test::largest_difference;

constexpr double kTolerance = 2e-5;

class TokenEncoderTest : public ::testing::Test {
 protected:
  const ModelConfig config_ = test::tiny_config(FlowAttention::kChunk);
  const std::shared_ptr<const TensorFile> file_ = std::make_shared<test::RandomS3Gen>(config_);
  const Weights weights_ = Weights(file_, {}).scope("flow.encoder");
  const at::Tensor tokens_ = Noise(5, NoiseStream::kFlow).normal(0, 20 * 16).view({20, 16});

  at::Tensor stored(const std::string& name) const { return file_->tensor("flow.encoder." + name); }
};

TEST_F(TokenEncoderTest, AttentionFollowsItsDefinition) {
  const std::string name = "encoders.0.self_attn.";
  const RelativeAttention attention(weights_.scope("encoders.0.self_attn"), 16, 2);
  const auto project = [&](const char* part, const at::Tensor& x) {
    return at::linear(x, stored(name + part + ".weight"), stored(name + part + ".bias"));
  };
  const at::Tensor x = tokens_.narrow(0, 0, 6);
  const at::Tensor q = project("linear_q", x).view({6, 2, 8});
  const at::Tensor k = project("linear_k", x).view({6, 2, 8});
  const at::Tensor v = project("linear_v", x).view({6, 2, 8});
  at::Tensor expected = at::zeros({6, 2, 8});
  for (int h = 0; h < 2; ++h) {
    at::Tensor scores = at::empty({6, 6});
    for (int i = 0; i < 6; ++i) {
      for (int j = 0; j < 6; ++j) {
        at::Tensor encoding = at::empty({16});
        for (int c = 0; c < 8; ++c) {
          const double angle = (i - j) * std::pow(10000.0, -2.0 * c / 16);
          encoding[2 * c] = std::sin(angle);
          encoding[2 * c + 1] = std::cos(angle);
        }
        const at::Tensor p =
            at::linear(encoding, stored(name + "linear_pos.weight")).view({2, 8})[h];
        scores[i][j] = ((q[i][h] + stored(name + "pos_bias_u")[h]).dot(k[j][h]) +
                        (q[i][h] + stored(name + "pos_bias_v")[h]).dot(p)) /
                       std::sqrt(8.0);
      }
    }
    expected.select(1, h).copy_(at::mm(scores.softmax(-1), v.select(1, h)));
  }
  expected = project("linear_out", expected.reshape({6, 16}));
  EXPECT_LT(largest_difference(attention(x, nullptr, {}), expected), kTolerance);
}

TEST_F(TokenEncoderTest, PiecesEqualTheWhole) {
  const TokenEncoder encoder(weights_, config_.s3gen.encoder);
  const std::vector<std::int64_t> ends{4, 5, 12, 20};
  const at::Tensor whole = encoder(tokens_, 0, nullptr, ends);
  ASSERT_EQ(whole.size(0), 40);

  TokenEncoder::Cache cache;
  std::vector<at::Tensor> pieces;
  std::int64_t start = 0;
  for (const std::int64_t end : ends) {
    const std::int64_t seen = std::min<std::int64_t>(end + kLookaheadTokens, 20);
    pieces.push_back(encoder(tokens_.narrow(0, start, seen - start), seen - end, &cache, {}));
    start = end;
  }
  EXPECT_LT(largest_difference(at::cat(pieces), whole), kTolerance);
}

// Attention works through long speech in blocks, which short pieces do not fill.
TEST_F(TokenEncoderTest, LongSpeechEqualsItsPieces) {
  const TokenEncoder encoder(weights_, config_.s3gen.encoder);
  const at::Tensor tokens = Noise(6, NoiseStream::kFlow).normal(0, 310 * 16).view({310, 16});
  std::vector<std::int64_t> ends;
  for (std::int64_t end = 50; end <= 300; end += 50) ends.push_back(end);
  ends.push_back(310);
  const at::Tensor whole = encoder(tokens, 0, nullptr, ends);

  TokenEncoder::Cache cache;
  std::vector<at::Tensor> pieces;
  std::int64_t start = 0;
  for (const std::int64_t end : ends) {
    const std::int64_t seen = std::min<std::int64_t>(end + kLookaheadTokens, 310);
    pieces.push_back(encoder(tokens.narrow(0, start, seen - start), seen - end, &cache, {}));
    start = end;
  }
  EXPECT_LT(largest_difference(at::cat(pieces), whole), kTolerance);
}

TEST_F(TokenEncoderTest, GroupsHideWhatFollows) {
  const TokenEncoder encoder(weights_, config_.s3gen.encoder);
  at::Tensor changed = tokens_.clone();
  changed.narrow(0, 15, 5).add_(1);
  const std::vector<std::int64_t> groups{8, 20};
  const at::Tensor difference =
      (encoder(tokens_, 0, nullptr, groups) - encoder(changed, 0, nullptr, groups)).abs().amax(1);
  // Tokens before 8 + 3 - 3 see nothing of it; the second group does.
  EXPECT_EQ(difference.narrow(0, 0, 16).max().item<float>(), 0);
  EXPECT_GT(difference.narrow(0, 16, 24).min().item<float>(), 0);

  // Without groups everything is seen.
  const at::Tensor open =
      (encoder(tokens_, 0, nullptr, {}) - encoder(changed, 0, nullptr, {})).abs().amax(1);
  EXPECT_GT(open.min().item<float>(), 0);
}

TEST_F(TokenEncoderTest, LooksThreeTokensAhead) {
  const TokenEncoder encoder(weights_, config_.s3gen.encoder);
  at::Tensor changed = tokens_.clone();
  changed[19].add_(1);
  std::vector<std::int64_t> each;
  for (std::int64_t i = 1; i <= 20; ++i) each.push_back(i);
  const at::Tensor difference =
      (encoder(tokens_, 0, nullptr, each) - encoder(changed, 0, nullptr, each)).abs().amax(1);
  EXPECT_EQ(difference.narrow(0, 0, 32).max().item<float>(), 0);
  EXPECT_GT(difference.narrow(0, 32, 8).min().item<float>(), 0);
}

}  // namespace
}  // namespace chatterbox
