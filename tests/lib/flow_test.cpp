// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

#include "chatterbox/error.h"
#include "nn/cpu_features.h"
#include "s3gen/dot_attention.h"
#include "s3gen/s3gen.h"
#include "support/random_s3gen.h"

namespace chatterbox {
namespace {

using test::largest_difference;

constexpr double kTolerance = 5e-5;

class FlowTest : public ::testing::Test {
 protected:
  explicit FlowTest() : file_(std::make_shared<test::RandomS3Gen>(config_)) {}

  S3Gen make() const { return S3Gen(Weights(file_, {}).scope("flow"), config_); }
  at::Tensor noise(std::int64_t frames) const {
    return Noise(9, NoiseStream::kFlow).normal(0, frames * kMelBands).view({frames, kMelBands});
  }

  ModelConfig config_ = test::tiny_config(FlowAttention::kChunk);
  std::shared_ptr<const TensorFile> file_;
  const std::shared_ptr<Conditionals> speaker_ = test::random_conditionals(config_, 5);
  const at::Tensor tokens_ = at::tensor(test::random_tokens(config_, 20), at::kLong);
};

TEST_F(FlowTest, AttentionIsSoftmaxOfProducts) {
  // Sizes around those of blocks, tiles and panels; eight channels take the general way.
  for (const std::int64_t d : {8, 32, 64}) {
    for (const auto& [n, m] : std::vector<std::pair<std::int64_t, std::int64_t>>{
             {1, 1}, {5, 15}, {7, 31}, {8, 32}, {48, 33}, {49, 16}, {200, 150}}) {
      const Noise numbers(1, NoiseStream::kFlow);
      // Queries as a projection leaves them, (2, n, 3, d) with heads side by side.
      const at::Tensor q = numbers.normal(0, 6 * n * d).view({2, n, 3, d}).transpose(1, 2);
      const at::Tensor k = numbers.normal(1 << 20, 6 * m * d).view({2, 3, m, d});
      const at::Tensor v = numbers.normal(1 << 21, 6 * m * d).view({2, 3, m, d});
      at::Tensor bias = numbers.normal(1 << 22, n * m).view({n, m});
      bias.narrow(1, m / 2, m - m / 2 - 1).fill_(-std::numeric_limits<float>::infinity());
      const at::Tensor open = at::matmul(q, k.transpose(2, 3));
      const auto expected = [&](const at::Tensor& scores) {
        return at::matmul(scores.softmax(-1), v).transpose(1, 2).flatten(2);
      };
      EXPECT_LT(largest_difference(dot_attention(q, k, v, {}), expected(open)), kTolerance)
          << n << " queries, " << m << " keys, " << d << " channels";
      EXPECT_LT(largest_difference(dot_attention(q, k, v, bias), expected(open + bias)), kTolerance)
          << n << " queries, " << m << " keys, " << d << " channels, biased";
    }
  }
}

// What lets speech in pieces equal speech made at once, to the last bit.
TEST_F(FlowTest, AttentionDoesNotDependOnTheQueriesBeside) {
  const Noise numbers(1, NoiseStream::kFlow);
  const at::Tensor q = numbers.normal(0, 2 * 100 * 64).view({1, 2, 100, 64});
  const at::Tensor k = numbers.normal(1 << 20, 2 * 77 * 64).view({1, 2, 77, 64});
  const at::Tensor v = numbers.normal(1 << 21, 2 * 77 * 64).view({1, 2, 77, 64});
  const at::Tensor together = dot_attention(q, k, v, {});
  for (const std::int64_t first : {0, 1, 5, 47, 48, 63, 99})
    EXPECT_TRUE(
        at::equal(dot_attention(q.narrow(2, first, 1), k, v, {}), together.narrow(1, first, 1)))
        << "query " << first;
}

TEST_F(FlowTest, CachedPiecesEqualMaskedWhole) {
  const S3Gen s3gen = make();
  const Groups ends{7, 8, 15, 20};
  const at::Tensor z = noise(40);
  const at::Tensor speaker = s3gen.speaker(speaker_->xvector);
  at::Tensor known = at::zeros({40, kMelBands});
  known.narrow(0, 0, 10).copy_(speaker_->prompt_mel[0]);
  const at::Tensor features = s3gen.encode(tokens_.unsqueeze(0), ends)[0];
  const at::Tensor whole =
      s3gen.flow(features, speaker, known, z, group_bias(ends, kFramesPerToken, s3gen.options()));

  S3Gen::Cache cache;
  std::vector<at::Tensor> pieces;
  std::int64_t start = 0;
  for (const std::int64_t end : ends) {
    const std::int64_t seen = std::min<std::int64_t>(end + kLookaheadTokens, 20);
    const std::int64_t frames = 2 * (end - start);
    pieces.push_back(s3gen.next_mel(tokens_.narrow(0, start, seen - start), seen - end, speaker,
                                    known.narrow(0, 2 * start, frames),
                                    z.narrow(0, 2 * start, frames), cache));
    start = end;
  }
  EXPECT_LT(largest_difference(at::cat(pieces), whole), kTolerance);
  EXPECT_GT(cache.bytes(), 0);
}

TEST_F(FlowTest, SharedCachesStayAsTheyWere) {
  const S3Gen s3gen = make();
  const at::Tensor speaker = s3gen.speaker(speaker_->xvector);
  const at::Tensor z = noise(40);
  S3Gen::Cache prompt;
  s3gen.next_mel(tokens_.narrow(0, 0, 13), 3, speaker, z.narrow(0, 0, 20), z.narrow(0, 0, 20),
                 prompt);
  prompt.seal();
  const auto speak = [&](std::int64_t first) {
    S3Gen::Cache own = prompt;
    return s3gen.next_mel(tokens_.narrow(0, first, 6), 3, speaker, at::zeros({6, kMelBands}),
                          z.narrow(0, 20, 6), own);
  };
  const at::Tensor before = speak(10);
  EXPECT_FALSE(speak(12).equal(before));
  EXPECT_TRUE(speak(10).equal(before));
}

TEST_F(FlowTest, WithoutGuidanceOneRowIsEnough) {
  config_.s3gen.flow.guidance = 0;
  const S3Gen alone = make();
  config_.s3gen.flow.guidance = 1e-9;
  const S3Gen guided = make();
  const at::Tensor z = noise(50).t().unsqueeze(0);
  const at::Tensor tokens = tokens_.unsqueeze(0);
  EXPECT_LT(largest_difference(alone.mel(tokens, *speaker_, z), guided.mel(tokens, *speaker_, z)),
            kTolerance);
}

// Where the processor lacks them, products stay float32 whatever the weights' type.
TEST_F(FlowTest, NarrowProductsStayClose) {
  const at::Tensor z = noise(50).t().unsqueeze(0);
  const S3Gen narrow(Weights(file_, {at::kCPU, at::kBFloat16}).scope("flow"), config_);
  const at::Tensor exact = make().mel(tokens_.unsqueeze(0), *speaker_, z);
  const at::Tensor rounded = narrow.mel(tokens_.unsqueeze(0), *speaker_, z);
  EXPECT_EQ(rounded.scalar_type(), at::kFloat);
  const double difference = largest_difference(rounded, exact);
  EXPECT_EQ(difference > 0, has_fast_bfloat16());
  EXPECT_LT(difference, 0.05 * exact.abs().max().item<double>());
}

// Sizes that kernels of small integers take.
TEST_F(FlowTest, ProductsOfIntegersStayClose) {
  config_.s3gen.estimator = {
      .channels = 64, .heads = 2, .head_dim = 64, .blocks = 1, .mid_blocks = 1};
  file_ = std::make_shared<test::RandomS3Gen>(config_);
  const at::Tensor z = noise(50).t().unsqueeze(0);
  const Placement placement{.device = at::kCPU, .dtype = at::kFloat, .int8 = true};
  const S3Gen narrow(Weights(file_, placement).scope("flow"), config_);
  const at::Tensor exact = make().mel(tokens_.unsqueeze(0), *speaker_, z);
  const at::Tensor rounded = narrow.mel(tokens_.unsqueeze(0), *speaker_, z);
  const double difference = largest_difference(rounded, exact);
  EXPECT_EQ(difference > 0, flow_kernels(FlowPrecision::kInt8) != nullptr);
  EXPECT_LT(difference, 0.05 * exact.abs().max().item<double>());
}

TEST_F(FlowTest, MelBeginsAfterThePrompt) {
  const S3Gen s3gen = make();
  const at::Tensor z = noise(50).t().unsqueeze(0);
  EXPECT_EQ(s3gen.mel(tokens_.unsqueeze(0), *speaker_, z).sizes(), at::IntArrayRef({1, 80, 40}));
  // A prompt whose recording ends within a token takes one frame of the first.
  const auto longer = test::random_conditionals(config_, 5, /*extra=*/1);
  EXPECT_EQ(s3gen.mel(tokens_.unsqueeze(0), *longer, z).sizes(), at::IntArrayRef({1, 80, 39}));
}

TEST_F(FlowTest, RefusesTokensOutsideTheCodebook) {
  const S3Gen s3gen = make();
  for (const std::int64_t bad : {-1, 81}) {
    try {
      s3gen.encode(at::full({1, 4}, bad, at::kLong));
      FAIL() << bad << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_NE(std::string(error.what()).find("0 to 80, got " + std::to_string(bad)),
                std::string::npos)
          << error.what();
    }
  }
}

TEST_F(FlowTest, CheckpointEndsWork) {
  const S3Gen s3gen = make();
  int calls = 0;
  const Checkpoint stop = [&] {
    if (++calls == 2) throw Error(ErrorCode::kCancelled, "stop");
  };
  EXPECT_THROW(s3gen.mel(tokens_.unsqueeze(0), *speaker_, noise(50).t().unsqueeze(0), {}, stop),
               Error);
  EXPECT_EQ(calls, 2);
}

// A mean flow and its weights, which are those of a guided flow and one more.
class MeanFlowTest : public ::testing::Test {
 protected:
  static constexpr const char* kEstimator = "flow.decoder.estimator";

  explicit MeanFlowTest() : file_(std::make_shared<test::RandomS3Gen>(config_)) {}

  FlowEstimator estimator(FlowKind kind, std::shared_ptr<const TensorFile> file) const {
    return {Weights(std::move(file), {}).scope(kEstimator), config_.s3gen.estimator, kind,
            at::kFloat};
  }
  // The same with a mixer that looks at one of the two times only.
  FlowEstimator estimator_of(bool end) const {
    const auto file = std::make_shared<test::RandomS3Gen>(config_);
    const std::int64_t size = 4 * config_.s3gen.estimator.channels;
    const at::Tensor same = at::eye(size), nothing = at::zeros({size, size});
    file->set(std::string(kEstimator) + ".time_embed_mixer.weight",
              end ? at::cat({nothing, same}, 1) : at::cat({same, nothing}, 1));
    return estimator(FlowKind::kMeanFlow, file);
  }
  std::string refusal(const ModelConfig& config, std::shared_ptr<const TensorFile> file) const {
    try {
      S3Gen(Weights(std::move(file), {}).scope("flow"), config);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadFile);
      return error.what();
    }
    return "nothing";
  }

  const ModelConfig config_ = test::tiny_config(FlowAttention::kFull, FlowKind::kMeanFlow);
  const ModelConfig guided_ = test::tiny_config(FlowAttention::kFull);
  std::shared_ptr<test::RandomS3Gen> file_;
};

TEST_F(MeanFlowTest, MixesTheTimesOfAStep) {
  const FlowEstimator begins = estimator_of(/*end=*/false), ends = estimator_of(/*end=*/true);
  const auto expect_same = [](const FlowEstimator::Time& a, const FlowEstimator::Time& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_LT(largest_difference(a[i], b[i]), 1e-5);
  };
  expect_same(begins.at_time(0.25, 0.75), begins.at_time(0.25, 1.0));
  expect_same(ends.at_time(0.25, 0.75), ends.at_time(0.5, 0.75));
  expect_same(ends.at_time(0.25, 0.75), begins.at_time(0.75, 1.0));
  const FlowEstimator both = estimator(FlowKind::kMeanFlow, file_);
  EXPECT_GT(largest_difference(both.at_time(0.25, 0.75)[0], both.at_time(0.25, 1.0)[0]), 1e-3);
  EXPECT_GT(largest_difference(both.at_time(0.25, 0.75)[0], both.at_time(0.5, 0.75)[0]), 1e-3);
}

TEST_F(MeanFlowTest, TakesEqualStepsOfItsMeanVelocity) {
  const Noise numbers(4, NoiseStream::kFlow);
  const at::Tensor noise = numbers.normal(0, 30 * 80).view({30, 80});
  const at::Tensor features = numbers.normal(5000, 30 * 80).view({30, 80});
  const at::Tensor speaker = numbers.normal(10000, 80).view({1, 80});
  const at::Tensor known = at::zeros({30, 80});
  const Weights weights = Weights(file_, {}).scope(kEstimator);
  const FlowMatching flow(weights, config_.s3gen.estimator, config_.s3gen.flow, at::kFloat);

  const FlowEstimator velocity = estimator(FlowKind::kMeanFlow, file_);
  const auto condition =
      velocity.condition(features.unsqueeze(0), speaker, known.unsqueeze(0), nullptr);
  EXPECT_EQ(condition.conv.size(0), 1);
  at::Tensor x = noise.clone();
  for (const auto& [begin, end] : {std::pair(0.0, 0.5), std::pair(0.5, 1.0)})
    x = x + 0.5 * velocity(x, condition, velocity.at_time(begin, end), {}, nullptr)[0];
  EXPECT_LT(largest_difference(flow(noise, features, speaker, known, {}, nullptr, {}), x), 1e-5);
}

TEST_F(MeanFlowTest, SaysWhichWeightsItWasGiven) {
  EXPECT_EQ(refusal(config_, file_), "nothing");
  EXPECT_EQ(refusal(config_, std::make_shared<test::RandomS3Gen>(guided_)),
            "random weights: expected the S3Gen of Turbo and Nano, got that of English or "
            "Multilingual (it has no time_embed_mixer: no mean flow); take "
            "s3gen_meanflow.safetensors of ResembleAI/chatterbox-turbo");
  EXPECT_EQ(refusal(guided_, file_),
            "random weights: expected the S3Gen of English or Multilingual, got that of Turbo and "
            "Nano (it has a time_embed_mixer: a mean flow); take s3gen.safetensors of "
            "ResembleAI/chatterbox");
}

}  // namespace
}  // namespace chatterbox
