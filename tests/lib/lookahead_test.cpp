// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/lookahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace chatterbox {
namespace {

constexpr std::int64_t kVocabulary = 100, kStop = 99, kOrigin = 7, kMost = 40;

// The token behind another is the next number; an embedding is the token itself, and logits are one
// at the token to come.
class CountingDecoder : public DraftingDecoder {
 public:
  // Every so many-th guess is wrong; 0: none.
  explicit CountingDecoder(int wrong_one_in) : wrong_one_in_(wrong_one_in) {}

  void begin_with(const KvCache&) override {}
  void prefill(const at::Tensor&) override {}
  int max_steps() const override { return 5; }
  float* step(const float*, bool) override { return nullptr; }
  float* draft(const float* embedding) override {
    ++drafts;
    ++length;
    const bool wrong = wrong_one_in_ > 0 && drafts % wrong_one_in_ == 0;
    return fill({std::int64_t(*embedding) + (wrong ? 2 : 1)});
  }
  float* steps(const float* embeddings, int count) override {
    EXPECT_LE(count, max_steps());
    ++models;
    length += count;
    furthest = std::max(furthest, length);
    std::vector<std::int64_t> next;
    for (int i = 0; i < count; ++i) next.push_back(std::int64_t(embeddings[i]) + 1);
    return fill(next);
  }
  void rewind(std::int64_t positions) override { length = positions; }

  int drafts = 0, models = 0;
  std::int64_t length = 0, furthest = 0;

 private:
  float* fill(const std::vector<std::int64_t>& next) {
    logits_.assign(next.size() * kVocabulary, 0.0f);
    for (std::size_t i = 0; i < next.size(); ++i)
      logits_[i * kVocabulary + std::size_t(std::min(next[i], kStop))] = 1;
    return logits_.data();
  }

  int wrong_one_in_;
  std::vector<float> logits_;
};

// Tokens from 1 on, as generation asks for them: `count`, where `count + more` may come.
std::vector<std::int64_t> speak(CountingDecoder& decoder, std::int64_t count = kMost,
                                std::int64_t more = 0) {
  const auto likeliest = [](const float* logits) {
    return std::max_element(logits, logits + kVocabulary) - logits;
  };
  Lookahead lookahead(
      decoder,
      {.hidden = 1,
       .logits = kVocabulary,
       .origin = kOrigin,
       .most = count + more,
       .stop_token = kStop},
      [](std::int64_t token, std::int64_t, float* out) { *out = float(token); },
      [&](float* logits, Sampler&) { return likeliest(logits); });
  const Sampler sampler({}, kVocabulary);
  std::vector<std::int64_t> tokens{1};
  for (std::int64_t place = 1; place < count; ++place)
    tokens.push_back(likeliest(lookahead.step(tokens.back(), place, sampler)));
  return tokens;
}

std::vector<std::int64_t> count_to(std::int64_t last) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 1; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

TEST(Lookahead, RightGuessesSaveSteps) {
  CountingDecoder decoder(0);
  EXPECT_EQ(speak(decoder), count_to(kMost));
  // Four guesses and one token that is known.
  EXPECT_EQ(decoder.models, (kMost - 1 + 4) / 5);
  EXPECT_EQ(decoder.furthest, kOrigin + kMost) << "positions up to the last place, none behind it";
}

TEST(Lookahead, WrongGuessesChangeNothing) {
  for (const int wrong : {1, 2, 3, 7}) {
    CountingDecoder decoder(wrong);
    EXPECT_EQ(speak(decoder), count_to(kMost)) << wrong;
    EXPECT_LE(decoder.furthest, kOrigin + kMost) << wrong;
  }
}

TEST(Lookahead, BadGuessesAreGivenUp) {
  CountingDecoder decoder(1);
  speak(decoder);
  EXPECT_LT(decoder.drafts, kMost / 2);
}

TEST(Lookahead, GuessesEndAtTheStopToken) {
  CountingDecoder decoder(0);
  EXPECT_EQ(speak(decoder, 99, 20), count_to(99));
  EXPECT_EQ(decoder.furthest, kOrigin + 99);
}

}  // namespace
}  // namespace chatterbox
