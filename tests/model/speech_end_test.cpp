// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// What the families do at the end of a piece, by the model in the tree with another config.json.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "chatterbox/engine.h"
#include "support/changed_model.h"

namespace chatterbox {
namespace {

using Json = nlohmann::json;

constexpr char kSentence[] = "The quick brown fox jumps over the lazy dog.";

struct Spoken {
  std::vector<float> samples;
  std::int64_t tokens;
};

Spoken speak(const Model& model, Engine& engine, bool streaming) {
  SynthesisOptions options;
  options.seed = 7;
  options.watermark = false;
  options.trim_silence = false;
  options.streaming = streaming;
  Spoken spoken;
  spoken.tokens =
      engine
          .synthesize(kSentence, *model.builtin_voice(), options,
                      [&](const SpeechChunk& chunk) {
                        spoken.samples.insert(spoken.samples.end(), chunk.samples.begin(),
                                              chunk.samples.end());
                        return true;
                      })
          .speech_tokens;
  return spoken;
}

class SpeechEndTest : public ::testing::TestWithParam<bool> {
 protected:
  static Spoken speak_with(const Json& t3) {
    const auto model = test::changed_model(MODEL_DIR, {{"t3", t3}});
    Engine engine(model);
    return speak(*model, engine, GetParam());
  }
  const Spoken plain_ = speak_with(Json::object());
};

TEST_P(SpeechEndTest, IsTheLastTokenWhereNothingElseIsAsked) {
  EXPECT_EQ(std::int64_t(plain_.samples.size()), plain_.tokens * kSamplesPerToken);
}

TEST_P(SpeechEndTest, IsFollowedByTokensOfSilence) {
  const Spoken longer = speak_with({{"closing_silence", {{"token", 5}, {"count", 3}}}});
  EXPECT_EQ(longer.tokens, plain_.tokens);
  EXPECT_EQ(std::int64_t(longer.samples.size()), (plain_.tokens + 3) * kSamplesPerToken);
}

TEST_P(SpeechEndTest, LeavesTheLastTokenOut) {
  const Spoken cut = speak_with({{"cut_last_token", true}});
  EXPECT_EQ(cut.tokens, plain_.tokens);
  ASSERT_EQ(std::int64_t(cut.samples.size()), (plain_.tokens - 1) * kSamplesPerToken);
  EXPECT_TRUE(std::equal(cut.samples.begin(), cut.samples.end(), plain_.samples.begin()));
}

INSTANTIATE_TEST_SUITE_P(Streaming, SpeechEndTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Streamed" : "Whole"; });

}  // namespace
}  // namespace chatterbox
