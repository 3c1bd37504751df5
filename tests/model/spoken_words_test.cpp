// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Every word of a text has a time in its speech, whatever the text: some of 300 dense texts, or
// as many as the environment variable CHATTERBOX_DENSE_TEXTS says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "chatterbox/engine.h"
#include "support/dense_texts.h"

namespace chatterbox {
namespace {

constexpr int kTexts = 300;
constexpr int kFewTexts = 3;

using Words = std::vector<std::string>;

// The words among the word times of a synthesis; times must not go back.
Words spoken_words(Engine& engine, const std::string& text, const SynthesisOptions& options) {
  Words words;
  std::int64_t before = 0;
  const SynthesisStats stats = engine.synthesize(text, *engine.model()->builtin_voice(), options,
                                                 [&](const SpeechChunk& chunk) {
                                                   for (const WordTime& word : chunk.words) {
                                                     EXPECT_GE(word.start, before) << word.word;
                                                     before = word.start;
                                                     if (!test::words_of(word.word).empty())
                                                       words.push_back(word.word);
                                                   }
                                                   return true;
                                                 });
  EXPECT_LT(before, stats.samples);
  return words;
}

SynthesisOptions fast(std::uint64_t seed) {
  SynthesisOptions options;
  options.seed = seed;
  options.streaming = false;
  options.watermark = false;
  options.cfg_weight = 0;
  return options;
}

TEST(SpokenWords, NoneOfDenseTextsIsLost) {
  const char* wanted = std::getenv("CHATTERBOX_DENSE_TEXTS");
  const int count = std::clamp(wanted ? std::atoi(wanted) : kFewTexts, 1, kTexts);
  Engine engine(Model::load(MODEL_DIR));
  const Words texts = test::dense_texts(kTexts);
  for (int i = 0; i < count; ++i) {
    const std::string& text = texts[std::size_t(i * (kTexts / count))];
    SCOPED_TRACE(text);
    EXPECT_EQ(spoken_words(engine, text, fast(std::uint64_t(i))), test::words_of(text));
  }
}

// Where the estimate of a piece's speech is too short, the alignment head knows where to go on.
TEST(SpokenWords, AreSpokenInMoreThanOneBreath) {
  Engine engine(Model::load(MODEL_DIR));
  const std::string text = "Incomprehensibilities characteristically internationalise.";
  SynthesisOptions options = fast(1);
  options.max_tokens = 30;
  EXPECT_EQ(spoken_words(engine, text, options), test::words_of(text));
}

}  // namespace
}  // namespace chatterbox
