// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "unused_options.h"

#include <gtest/gtest.h>

#include "chatterbox/log.h"

namespace chatterbox {
namespace {

using Names = std::vector<std::string>;

SynthesisOptions everything() {
  SynthesisOptions options;
  options.exaggeration = 0.5;
  options.cfg_weight = 0.5;
  options.min_p = 0.05;
  options.top_p = 0.9;
  options.top_k = 100;
  options.temperature = 0.7;
  return options;
}

TEST(UnusedOptions, EachFamilyKnowsItsOwn) {
  EXPECT_EQ(unused_options(preset(Family::kEnglish).t3, everything()), (Names{"top_k"}));
  EXPECT_EQ(unused_options(preset(Family::kMultilingual).t3, everything()), (Names{"top_k"}));
  EXPECT_EQ(unused_options(preset(Family::kNano).t3, everything()),
            (Names{"exaggeration", "cfg_weight", "min_p"}));
}

TEST(UnusedOptions, WhatIsOffOrNotSetIsNotMissed) {
  SynthesisOptions options;
  EXPECT_TRUE(unused_options(preset(Family::kNano).t3, options).empty());
  options.cfg_weight = 0;
  options.min_p = 0;
  EXPECT_TRUE(unused_options(preset(Family::kNano).t3, options).empty());
}

TEST(UnusedOptions, IsSaidOnce) {
  std::vector<std::string> said;
  set_log_sink([&](LogLevel level, std::string_view message) {
    if (level == LogLevel::kWarning) said.emplace_back(message);
  });
  UnusedOptionsWarning warning;
  for (int i = 0; i < 3; ++i) warning.check(preset(Family::kNano), everything());
  set_log_sink({});
  ASSERT_EQ(said.size(), 3u);
  EXPECT_NE(said[0].find("exaggeration"), std::string::npos);
  EXPECT_NE(said[0].find("chatterbox-nano"), std::string::npos);
}

}  // namespace
}  // namespace chatterbox
