// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

struct Case {
  const char* field;
  std::function<void(SynthesisOptions&, double)> set;
  Range range;
};

const std::vector<Case> cases = {
    {"exaggeration", [](auto& o, double v) { o.exaggeration = v; },
     SynthesisOptions::kExaggeration},
    {"cfg_weight", [](auto& o, double v) { o.cfg_weight = v; }, SynthesisOptions::kCfgWeight},
    {"temperature", [](auto& o, double v) { o.temperature = v; }, SynthesisOptions::kTemperature},
    {"repetition_penalty", [](auto& o, double v) { o.repetition_penalty = v; },
     SynthesisOptions::kRepetitionPenalty},
    {"min_p", [](auto& o, double v) { o.min_p = v; }, SynthesisOptions::kMinP},
    {"top_p", [](auto& o, double v) { o.top_p = v; }, SynthesisOptions::kTopP},
    {"top_k", [](auto& o, double v) { o.top_k = int(v); }, SynthesisOptions::kTopK},
    {"chunk_size", [](auto& o, double v) { o.chunk_size = int(v); }, SynthesisOptions::kChunkSize},
    {"flow_steps", [](auto& o, double v) { o.flow_steps = int(v); }, SynthesisOptions::kFlowSteps},
    {"max_tokens", [](auto& o, double v) { o.max_tokens = int(v); }, SynthesisOptions::kMaxTokens},
};

TEST(Options, DefaultsAreAllowed) { EXPECT_NO_THROW(check(SynthesisOptions{})); }

TEST(Options, BothEndsOfEveryRangeAreAllowed) {
  for (const Case& c : cases)
    for (double value : {c.range.low, c.range.high}) {
      SynthesisOptions options;
      c.set(options, value);
      EXPECT_NO_THROW(check(options)) << c.field << " = " << value;
    }
}

TEST(Options, BeyondARangeNamesTheFieldAndTheValue) {
  for (const Case& c : cases)
    for (double value : {c.range.low - 1, c.range.high + 1}) {
      SynthesisOptions options;
      c.set(options, value);
      try {
        check(options);
        FAIL() << c.field << " = " << value << " was accepted";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
        EXPECT_NE(std::string(error.what()).find(c.field), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("got"), std::string::npos) << error.what();
      }
    }
}

TEST(Options, NotANumberIsRefused) {
  SynthesisOptions options;
  options.temperature = std::nan("");
  EXPECT_THROW(check(options), Error);
}

}  // namespace
}  // namespace chatterbox
