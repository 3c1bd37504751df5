// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/estimator_plan.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "s3gen/flow_estimator.h"
#include "s3gen/token_encoder.h"
#include "support/random_s3gen.h"

namespace chatterbox {
namespace {

struct Case {
  FlowKernelSet set;
  double tolerance;  // of the root mean square of the result
};

// All kernels that this architecture has, whether or not this processor runs them.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const FlowKernelSet& set : flow_kernel_sets())
    all.push_back({set, set.precision == FlowPrecision::kFloat      ? 1e-5
                        : set.precision == FlowPrecision::kBFloat16 ? 0.02
                                                                    : 0.06});
  return all;
}

// The plan by each set of kernels against libtorch.
class EstimatorPlanTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!GetParam().set.runs) GTEST_SKIP() << "this processor lacks the instruction set";
  }

  static EstimatorConfig sizes(int channels, int heads, int dim, int blocks, int mid_blocks) {
    return {.channels = channels,
            .heads = heads,
            .head_dim = dim,
            .blocks = blocks,
            .mid_blocks = mid_blocks};
  }

  struct Pair {
    FlowEstimator exact, planned;
  };
  Pair make(const EstimatorConfig& config, double query_gain = 1) const {
    ModelConfig model = test::tiny_config(FlowAttention::kFull);
    model.s3gen.estimator = config;
    auto file = std::make_shared<test::RandomS3Gen>(model);
    for (const std::string& name : file->names())
      if (name.ends_with("to_q.weight")) file->set(name, file->tensor(name) * query_gain);
    const auto weights = [&] { return Weights(file, {}).scope("flow").scope("decoder.estimator"); };
    const FlowKernels* kernels = GetParam().set.kernels;
    return {{weights(), config, FlowKind::kGuided, at::kFloat, nullptr},
            {weights(), config, FlowKind::kGuided, at::kFloat, kernels}};
  }

  static at::Tensor normal(std::uint64_t seed, std::vector<std::int64_t> shape) {
    return Noise(seed, NoiseStream::kFlow).normal(0, c10::multiply_integers(shape)).view(shape);
  }
  struct Utterance {
    at::Tensor x, features, speaker, known;
    at::Tensor piece(const at::Tensor& all, std::int64_t first, std::int64_t count) const {
      return all.narrow(all.dim() - 2, first, count);
    }
  };
  static Utterance utterance(std::int64_t rows, std::int64_t frames) {
    return {normal(1, {frames, 80}), normal(2, {rows, frames, 80}), normal(3, {rows, 80}),
            normal(4, {rows, frames, 80})};
  }
  static at::Tensor whole(const FlowEstimator& estimator, const Utterance& u,
                          const at::Tensor& bias = {}) {
    return estimator(u.x, estimator.condition(u.features, u.speaker, u.known, nullptr),
                     estimator.at_time(0.3, 0.5), bias, nullptr);
  }
  // A mask that lets frames see up to the end of their own group.
  static at::Tensor grouped(const std::vector<std::int64_t>& ends) {
    return group_bias(ends, 1, at::kFloat);
  }
  static at::Tensor in_pieces(const FlowEstimator& estimator, const Utterance& u,
                              const std::vector<std::int64_t>& ends) {
    EstimatorCache cache;
    at::Tensor context;
    std::vector<at::Tensor> pieces;
    std::int64_t start = 0;
    for (const std::int64_t end : ends) {
      const std::int64_t count = end - start;
      const auto condition = estimator.condition(u.features.narrow(1, start, count), u.speaker,
                                                 u.known.narrow(1, start, count), &context);
      pieces.push_back(estimator(u.x.narrow(0, start, count), condition,
                                 estimator.at_time(0.3, 0.5), {}, &cache));
      start = end;
    }
    return at::cat(pieces, 1);
  }

  static void expect_close(const at::Tensor& got, const at::Tensor& right, const std::string& what,
                           double tolerance = GetParam().tolerance) {
    ASSERT_EQ(got.sizes(), right.sizes()) << what;
    const double error = (got - right).square().mean().sqrt().item<double>();
    const double size = right.square().mean().sqrt().item<double>();
    EXPECT_LT(error, tolerance * size) << what;
    EXPECT_TRUE(std::isfinite(error)) << what;
  }
};

TEST_P(EstimatorPlanTest, EqualsLibtorch) {
  // Sizes around those of vectors, tiles, panels and blocks.
  for (const EstimatorConfig& config : {sizes(32, 2, 32, 1, 1), sizes(96, 3, 64, 2, 1),
                                        sizes(128, 2, 64, 1, 2), sizes(64, 1, 96, 1, 1)}) {
    const Pair pair = make(config);
    for (const std::int64_t rows : {1, 2})
      for (const std::int64_t frames : {1, 2, 5, 47, 49, 64, 131}) {
        const Utterance u = utterance(rows, frames);
        expect_close(whole(pair.planned, u), whole(pair.exact, u),
                     std::to_string(config.channels) + " channels, " + std::to_string(rows) +
                         " rows, " + std::to_string(frames) + " frames");
      }
  }
}

TEST_P(EstimatorPlanTest, GroupsLimitWhatFramesSee) {
  const Pair pair = make(sizes(96, 3, 64, 2, 1));
  const std::vector<std::int64_t> ends{3, 70, 71, 150};
  const Utterance u = utterance(2, 150);
  const at::Tensor bias = grouped(ends);
  const at::Tensor right = whole(pair.exact, u, bias);
  expect_close(whole(pair.planned, u, bias), right, "masked");
  expect_close(in_pieces(pair.planned, u, ends), right, "in pieces");
}

TEST_P(EstimatorPlanTest, PiecesMayBeSingleFrames) {
  const Pair pair = make(sizes(32, 2, 32, 1, 1));
  const std::vector<std::int64_t> ends{1, 2, 3, 7, 8, 9, 40, 41, 90};
  const Utterance u = utterance(1, 90);
  expect_close(in_pieces(pair.planned, u, ends), whole(pair.exact, u, grouped(ends)), "in pieces");
}

TEST_P(EstimatorPlanTest, ForgetsAsLibtorchDoes) {
  const Pair pair = make(sizes(96, 3, 64, 1, 1));
  const Utterance u = utterance(2, 200);
  const auto speak = [&](const FlowEstimator& estimator) {
    EstimatorCache cache;
    at::Tensor context;
    at::Tensor last;
    for (std::int64_t start = 0; start < 200; start += 25) {
      const auto condition = estimator.condition(u.features.narrow(1, start, 25), u.speaker,
                                                 u.known.narrow(1, start, 25), &context);
      last =
          estimator(u.x.narrow(0, start, 25), condition, estimator.at_time(0.3, 0.5), {}, &cache);
      cache.keep(11, 40);
    }
    return last;
  };
  expect_close(speak(pair.planned), speak(pair.exact), "the last piece");
}

TEST_P(EstimatorPlanTest, SealedCachesAreNotWritten) {
  const Pair pair = make(sizes(96, 3, 64, 1, 1));
  const FlowEstimator& estimator = pair.planned;
  const Utterance u = utterance(1, 60);
  const auto advance = [&](EstimatorCache& cache, std::int64_t first, std::int64_t count) {
    const auto condition = estimator.condition(u.features.narrow(1, first, count), u.speaker,
                                               u.known.narrow(1, first, count), nullptr);
    return estimator(u.x.narrow(0, first, count), condition, estimator.at_time(0.3, 0.5), {},
                     &cache);
  };
  EstimatorCache prompt;
  advance(prompt, 0, 21);
  prompt.seal();
  const std::int64_t bytes = prompt.bytes();
  EXPECT_GT(bytes, 0);
  const auto speak = [&](std::int64_t first) {
    EstimatorCache own = prompt;
    return at::cat({advance(own, first, 3), advance(own, first + 3, 3)}, 1);
  };
  const at::Tensor before = speak(21);
  EXPECT_FALSE(speak(40).equal(before));
  EXPECT_TRUE(speak(21).equal(before));
  EXPECT_EQ(prompt.bytes(), bytes);
}

// Utterances read the sealed prompt where it is, whatever its length is to a panel of keys.
TEST_P(EstimatorPlanTest, SealedCachesAreReadWhereTheyAre) {
  const Pair pair = make(sizes(96, 3, 64, 1, 1));
  const Utterance u = utterance(2, 330);
  for (const std::int64_t prompt : {1, 21, 64, 200, 256}) {
    const auto advance = [&](const FlowEstimator& estimator, at::Tensor* context,
                             EstimatorCache& cache, std::int64_t first, std::int64_t count) {
      const auto condition = estimator.condition(u.features.narrow(1, first, count), u.speaker,
                                                 u.known.narrow(1, first, count), context);
      return estimator(u.x.narrow(0, first, count), condition, estimator.at_time(0.3, 0.5), {},
                       &cache);
    };
    const auto speak = [&](const FlowEstimator& estimator) {
      EstimatorCache voice;
      at::Tensor context;
      advance(estimator, &context, voice, 0, prompt);
      voice.seal();
      EstimatorCache cache = voice;
      std::vector<at::Tensor> pieces;
      std::int64_t first_bytes = 0;
      for (std::int64_t i = 0; i < 4; ++i) {
        pieces.push_back(advance(estimator, &context, cache, prompt + 17 * i, 17));
        if (i == 0) first_bytes = cache.bytes() - voice.bytes();
        if (i == 2) cache.keep(prompt + 2, 20);
      }
      const std::int64_t columns = 64;  // of the widest panel
      if (prompt >= 3 * columns && !cache.plan.memories.empty()) {
        EXPECT_LT(cache.bytes() - voice.bytes(), voice.bytes()) << "the prompt was copied";
        EXPECT_LT(first_bytes * prompt, voice.bytes() * columns * 3 / 2) << "room was counted";
      }
      return at::cat(pieces, 1);
    };
    expect_close(speak(pair.planned), speak(pair.exact), "after a prompt");
  }
}

TEST_P(EstimatorPlanTest, BytesTakeHalfTheMemoryOfBFloat16) {
  if (GetParam().set.precision != FlowPrecision::kInt8) GTEST_SKIP() << "kernels of other numbers";
  const Pair pair = make(sizes(96, 3, 64, 1, 1));
  const Utterance u = utterance(2, 128);
  EstimatorCache cache;
  pair.planned(u.x, pair.planned.condition(u.features, u.speaker, u.known, nullptr),
               pair.planned.at_time(0.3, 0.5), {}, &cache);
  cache.seal();
  const std::int64_t bfloat16 = 2 * 3 * 128 * (64 + 64) * 2;
  for (const PackedMemory& memory : cache.plan.memories) {
    EXPECT_GE(memory.bytes(), bfloat16 / 2);
    EXPECT_LT(memory.bytes(), bfloat16 * 56 / 100);
  }
}

// Queries so long that their scores lie far below what their length allows.
TEST_P(EstimatorPlanTest, ExtremeScoresAreWeighedAgain) {
  const Pair pair = make(sizes(64, 1, 64, 1, 1), /*query_gain=*/60);
  const Utterance u = utterance(1, 100);
  // Attention this sharp turns roundings into other choices of keys.
  const double tolerance = GetParam().set.precision == FlowPrecision::kFloat ? 1e-3 : 0.5;
  expect_close(whole(pair.planned, u), whole(pair.exact, u), "sharp", tolerance);
}

TEST_P(EstimatorPlanTest, ThreadsDoNotMatter) {
  const Pair pair = make(sizes(96, 3, 64, 2, 1));
  const Utterance u = utterance(2, 130);
  const auto condition = pair.planned.condition(u.features, u.speaker, u.known, nullptr);
  const auto time = pair.planned.at_time(0.3, 0.5);
  const auto estimate = [&](int threads) {
    at::set_num_threads(threads);
    return pair.planned(u.x, condition, time, {}, nullptr);
  };
  const int before = at::get_num_threads();
  const at::Tensor alone = estimate(1);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(estimate(3).equal(alone)) << "run " << i;
  at::set_num_threads(before);
}

// So few frames that threads share the outputs of each layer.
TEST_P(EstimatorPlanTest, ThreadsThatShareABlockDoNotMatter) {
  const Pair pair = make(sizes(96, 3, 64, 2, 1));
  const auto time = pair.planned.at_time(0.3, 0.5);
  const int before = at::get_num_threads();
  for (const std::int64_t rows : {1, 2}) {
    const Utterance u = utterance(rows, 60);
    at::set_num_threads(1);
    const auto condition = pair.planned.condition(u.features, u.speaker, u.known, nullptr);
    const auto in_pieces = [&](std::vector<std::int64_t> ends, int threads) {
      at::set_num_threads(threads);
      EstimatorCache cache;
      std::vector<at::Tensor> pieces;
      std::int64_t start = 0;
      for (const std::int64_t end : ends) {
        const FlowEstimator::Condition part{condition.conv.narrow(1, start, end - start),
                                            condition.shortcut.narrow(1, start, end - start)};
        pieces.push_back(pair.planned(u.x.narrow(0, start, end - start), part, time, {}, &cache));
        start = end;
      }
      return at::cat(pieces, 1);
    };
    for (const std::vector<std::int64_t>& ends :
         {std::vector<std::int64_t>{1, 3, 11}, {8, 16, 24}, {12, 25}, {47, 60}}) {
      const at::Tensor alone = in_pieces(ends, 1);
      for (const int threads : {2, 3, 8})
        EXPECT_TRUE(in_pieces(ends, threads).equal(alone))
            << rows << " rows, " << threads << " threads, first piece " << ends[0];
    }
  }
  at::set_num_threads(before);
}

TEST_P(EstimatorPlanTest, MayBeCalledAtTheSameTime) {
  const Pair pair = make(sizes(64, 2, 64, 1, 1));
  const Utterance u = utterance(2, 60);
  const at::Tensor alone = whole(pair.planned, u);
  std::vector<std::thread> threads;
  std::vector<at::Tensor> results(4);
  for (at::Tensor& result : results)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) result = whole(pair.planned, u);
    });
  for (std::thread& thread : threads) thread.join();
  for (const at::Tensor& result : results) EXPECT_TRUE(result.equal(alone));
}

INSTANTIATE_TEST_SUITE_P(Kernels, EstimatorPlanTest, ::testing::ValuesIn(cases()),
                         [](const auto& info) {
                           std::string name = info.param.set.kernels->name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });
// Other architectures have none.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EstimatorPlanTest);

}  // namespace
}  // namespace chatterbox
