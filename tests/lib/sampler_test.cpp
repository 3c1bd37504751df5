// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

using Logits = std::vector<float>;
constexpr float kGone = -std::numeric_limits<float>::infinity();

Logits logs(const std::vector<double>& probabilities) {
  Logits logits;
  for (const double p : probabilities) logits.push_back(float(std::log(p)));
  return logits;
}

std::vector<bool> kept(const Logits& logits) {
  std::vector<bool> result;
  for (const float logit : logits) result.push_back(logit != kGone);
  return result;
}

TEST(Sampler, GuidanceMovesAwayFromTheUnconditional) {
  Sampler sampler({.cfg_weight = 0.5}, 3);
  Logits logits{1, 2, -1};
  const Logits other{3, 2, -3};
  sampler.guide(logits.data(), other.data());
  EXPECT_EQ(logits, (Logits{0, 2, 0}));
}

TEST(Sampler, PenaltyActsOncePerToken) {
  Sampler sampler({.repetition_penalty = 2.0}, 4);
  sampler.remember(0);
  sampler.remember(0);
  sampler.remember(2);
  Logits logits{4, 4, -4, -4};
  sampler.penalize(logits.data());
  EXPECT_EQ(logits, (Logits{2, 4, -8, -4}));
}

TEST(Sampler, TemperatureDivides) {
  Logits logits{1, -2};
  Sampler({.temperature = 0.5}, 2).apply_temperature(logits.data());
  EXPECT_EQ(logits, (Logits{2, -4}));
}

TEST(Sampler, TopKKeepsTheLikeliestAndTheirEquals) {
  Logits logits{3, 1, 2, 2, 0};
  Sampler({.top_k = 2}, 5).apply_top_k(logits.data());
  EXPECT_EQ(kept(logits), (std::vector<bool>{true, false, true, true, false}));
  for (const int all : {0, 5, 1000}) {
    Logits every{3, 1, 2, 2, 0};
    Sampler({.top_k = all}, 5).apply_top_k(every.data());
    EXPECT_EQ(every, (Logits{3, 1, 2, 2, 0})) << all;
  }
}

TEST(Sampler, ForgottenTokensAreNotPenalised) {
  Sampler sampler({.repetition_penalty = 2.0}, 3);
  sampler.remember(0);
  sampler.remember(1);
  sampler.forget(0);
  Logits logits{4, 4, 4};
  sampler.penalize(logits.data());
  EXPECT_EQ(logits, (Logits{4, 2, 4}));
}

// With the penalty last, a token that was said keeps its place among those that are kept.
TEST(Sampler, OrderOfFiltersIsTheModels) {
  const SamplingOptions options{
      .temperature = 1.0, .repetition_penalty = 2.0, .min_p = 0.0, .top_p = 1.0, .top_k = 1};
  const auto run = [&](Sampling sampling) {
    Sampler sampler(options, 2);
    sampler.remember(0);
    Logits logits{4, 3};
    for (const Filter filter : filters_of(sampling)) sampler.apply(filter, logits.data());
    return logits;
  };
  EXPECT_EQ(run(Sampling::kPenaltyLast), (Logits{2, kGone}));
  EXPECT_EQ(run(Sampling::kPenaltyFirst), (Logits{2, 3})) << "top-k is none of its filters";
}

TEST(Sampler, MinPIsRelativeToTheLikeliest) {
  Logits logits = logs({0.5, 0.3, 0.1, 0.06, 0.04});
  Sampler({.min_p = 0.15}, 5).apply_min_p(logits.data());
  EXPECT_EQ(kept(logits), (std::vector<bool>{true, true, true, false, false}));
  Logits flat{0, 0, 0};
  Sampler({.min_p = 1.0}, 3).apply_min_p(flat.data());
  EXPECT_EQ(kept(flat), (std::vector<bool>{true, true, true}));
}

TEST(Sampler, TopPKeepsTheSmallestSet) {
  const std::vector<double> probabilities{0.06, 0.5, 0.04, 0.3, 0.1};
  Logits logits = logs(probabilities);
  Sampler({.top_p = 0.75}, 5).apply_top_p(logits.data());
  EXPECT_EQ(kept(logits), (std::vector<bool>{false, true, false, true, false}));
  logits = logs(probabilities);
  Sampler({.top_p = 0.0}, 5).apply_top_p(logits.data());
  EXPECT_EQ(kept(logits), (std::vector<bool>{false, true, false, false, false}));
  logits = logs(probabilities);
  Sampler({.top_p = 1.0}, 5).apply_top_p(logits.data());
  EXPECT_EQ(kept(logits), (std::vector<bool>{true, true, true, true, true}));
}

TEST(Sampler, DrawsWithTheGivenProbabilities) {
  const std::vector<double> probabilities{0.1, 0.2, 0.3, 0.4};
  const Logits logits = logs(probabilities);
  Sampler sampler({.seed = 5}, 4);
  std::vector<int> counts(4);
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) ++counts[std::size_t(sampler.draw(logits.data()))];
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(counts[i] / double(kDraws), probabilities[i], 0.015);
}

// Guesses of a draft are of use because a small error of logits changes few draws.
TEST(Sampler, NearlyTheSameLogitsDrawNearlyTheSame) {
  constexpr int kTokens = 2000, kDraws = 1000;
  Logits logits(kTokens), near(kTokens);
  for (int i = 0; i < kTokens; ++i) {
    logits[std::size_t(i)] = float(2 * std::sin(i * 0.7));
    near[std::size_t(i)] = logits[std::size_t(i)] + float(0.02 * std::sin(i * 5.3));
  }
  Sampler sampler({.seed = 5}, kTokens), other({.seed = 5}, kTokens);
  int same = 0;
  for (int i = 0; i < kDraws; ++i) same += sampler.draw(logits.data()) == other.draw(near.data());
  EXPECT_GT(same, kDraws * 95 / 100);
  EXPECT_LT(same, kDraws);
}

TEST(Sampler, SameSeedSameDraws) {
  const Logits logits(100, 0.0f);
  Sampler a({.seed = 9}, 100), b({.seed = 9}, 100), c({.seed = 10}, 100);
  int different = 0;
  for (int i = 0; i < 50; ++i) {
    const std::int64_t token = a.draw(logits.data());
    EXPECT_EQ(token, b.draw(logits.data()));
    different += token != c.draw(logits.data());
  }
  EXPECT_GT(different, 25);
}

TEST(Sampler, NeverDrawsWhatWasDropped) {
  const Logits logits{kGone, 0, kGone, 0, kGone};
  Sampler sampler({.seed = 1}, 5);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(sampler.draw(logits.data()) % 2, 1);
}

TEST(Sampler, GreedyTakesTheLikeliest) {
  const Logits logits{0, 3, 1};
  EXPECT_EQ(Sampler({.temperature = 0}, 3).draw(logits.data()), 1);
}

TEST(Sampler, RefusesBrokenLogits) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const double temperature : {0.0, 1.0}) {
    Sampler sampler({.temperature = temperature}, 2);
    const Logits all_gone{kGone, kGone}, broken{nan, nan};
    EXPECT_THROW(sampler.draw(all_gone.data()), Error);
    EXPECT_THROW(sampler.draw(broken.data()), Error);
  }
  const Logits half{0, nan};
  EXPECT_THROW(Sampler({.temperature = 1}, 2).draw(half.data()), Error);
}

}  // namespace
}  // namespace chatterbox
