// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Tokens made beside those that are spoken, with the model in the tree.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "chatterbox/engine.h"
#include "chatterbox/error.h"
#include "internals.h"
#include "model_parts.h"

namespace chatterbox {
namespace {

constexpr char kText[] =
    "The train to the coast leaves in ten minutes. You have two new messages, and one is urgent.";

// A model of which so many engines work at once, whatever this machine has.
std::shared_ptr<const Model> model_with(int places, int threads = 1) {
  ModelOptions options;
  options.threads = threads;
  const auto model = Model::load(MODEL_DIR, options);
  const_cast<ModelParts&>(Internals::parts(*model)).turns = std::make_unique<Turns>(places);
  return model;
}

struct Heard {
  std::vector<float> samples;
  std::vector<std::size_t> pieces;
  std::vector<WordTime> words;
  SynthesisStats stats;
};

Heard hear(const std::shared_ptr<const Model>& model, const SynthesisOptions& options) {
  Engine engine(model);
  Heard heard;
  heard.stats =
      engine.synthesize(kText, *model->builtin_voice(), options, [&](const SpeechChunk& chunk) {
        heard.samples.insert(heard.samples.end(), chunk.samples.begin(), chunk.samples.end());
        heard.pieces.push_back(chunk.samples.size());
        heard.words.insert(heard.words.end(), chunk.words.begin(), chunk.words.end());
        return true;
      });
  return heard;
}

void expect_same(const Heard& one, const Heard& other) {
  EXPECT_EQ(one.samples, other.samples);
  EXPECT_EQ(one.pieces, other.pieces);
  EXPECT_EQ(one.stats.speech_tokens, other.stats.speech_tokens);
  ASSERT_EQ(one.words.size(), other.words.size());
  for (std::size_t i = 0; i < one.words.size(); ++i) {
    EXPECT_EQ(one.words[i].word, other.words[i].word);
    EXPECT_EQ(one.words[i].start, other.words[i].start);
    EXPECT_EQ(one.words[i].end, other.words[i].end);
  }
}

TEST(SideBySide, SaysTheSameToTheLastBit) {
  const auto after = model_with(1), beside = model_with(2);
  SynthesisOptions options;
  options.seed = 3;
  options.watermark = false;
  expect_same(hear(after, options), hear(beside, options));
  options.chunk_size = 3;
  expect_same(hear(after, options), hear(beside, options));
  options.streaming = false;
  expect_same(hear(after, options), hear(beside, options));
  options.max_tokens = 40;  // pieces that end before their text does
  expect_same(hear(after, options), hear(beside, options));
}

// T3 and S3Gen at one place, each with some of its threads, however busy the machine is.
TEST(SideBySide, ThreadsAreSharedOutTheSameEachTime) {
  const auto model = model_with(1, 2);
  SynthesisOptions options;
  options.seed = 5;
  options.watermark = false;
  options.chunk_size = 5;
  const Heard before = hear(model, options);
  std::atomic<bool> over{false};
  std::thread other([&] {
    while (!over) {
    }
  });
  const Heard again = hear(model, options);
  over = true;
  other.join();
  expect_same(before, again);
  // The BLAS rounds otherwise with other threads, and T3's kernels do not.
  const Heard alone = hear(model_with(1), options);
  EXPECT_EQ(before.stats.speech_tokens, alone.stats.speech_tokens);
}

class SideBySidePlaces : public testing::TestWithParam<std::pair<int, int>> {
 protected:
  std::shared_ptr<const Model> model() const {
    return model_with(GetParam().first, GetParam().second);
  }
};
// Places and threads.
INSTANTIATE_TEST_SUITE_P(All, SideBySidePlaces, testing::Values(std::pair(3, 1), std::pair(1, 2)));

TEST_P(SideBySidePlaces, EnginesDoNotDisturbEachOther) {
  const auto model = this->model();
  SynthesisOptions options;
  options.seed = 4;
  options.watermark = false;
  const Heard alone = hear(model, options);
  std::vector<Heard> together(4);
  std::vector<std::thread> threads;
  for (Heard& heard : together) threads.emplace_back([&] { heard = hear(model, options); });
  for (auto& thread : threads) thread.join();
  for (const Heard& heard : together) expect_same(alone, heard);
}

// Whoever has had enough, or is told to stop, ends both.
TEST_P(SideBySidePlaces, EndsWithItsCaller) {
  const auto model = this->model();
  Engine engine(model);
  std::stop_source stop;
  int pieces = 0;
  const auto enough = [&](const SpeechChunk&) { return ++pieces < 2; };
  EXPECT_THROW(engine.synthesize(kText, *model->builtin_voice(), {}, enough), Error);
  EXPECT_EQ(pieces, 2);
  const auto told = [&](const SpeechChunk&) {
    stop.request_stop();
    return true;
  };
  EXPECT_THROW(engine.synthesize(kText, *model->builtin_voice(), {}, told, stop.get_token()),
               Error);
  const auto fails = [&](const SpeechChunk&) -> bool { throw 1; };
  EXPECT_THROW(engine.synthesize(kText, *model->builtin_voice(), {}, fails), int);
  EXPECT_GT(engine.synthesize("Again.", *model->builtin_voice()).samples.size(), 0U);
  EXPECT_EQ(Internals::parts(*model).turns->waiting(), 0U);
}

}  // namespace
}  // namespace chatterbox
