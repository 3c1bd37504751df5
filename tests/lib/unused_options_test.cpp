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
  options.flow_steps = 5;
  options.temperature = 0.7;
  return options;
}

TEST(UnusedOptions, EachFamilyKnowsItsOwn) {
  EXPECT_EQ(unused_options(preset(Family::kEnglish), everything()), (Names{"top_k"}));
  EXPECT_EQ(unused_options(preset(Family::kMultilingual), everything()), (Names{"top_k"}));
  EXPECT_EQ(unused_options(preset(Family::kNano), everything()),
            (Names{"exaggeration", "cfg_weight", "min_p", "flow_steps"}));
}

TEST(UnusedOptions, WhatIsOffOrNotSetIsNotMissed) {
  SynthesisOptions options;
  EXPECT_TRUE(unused_options(preset(Family::kNano), options).empty());
  options.cfg_weight = 0;
  options.min_p = 0;
  EXPECT_TRUE(unused_options(preset(Family::kNano), options).empty());
}

TEST(UnusedOptions, IsSaidOnce) {
  std::vector<std::string> said;
  set_log_sink([&](LogLevel level, std::string_view message) {
    if (level == LogLevel::kWarning) said.emplace_back(message);
  });
  UnusedOptionsWarning warning;
  for (int i = 0; i < 3; ++i) warning.check(preset(Family::kNano), everything());
  set_log_sink({});
  ASSERT_EQ(said.size(), 4u);
  EXPECT_NE(said[0].find("exaggeration"), std::string::npos);
  EXPECT_NE(said[0].find("chatterbox-nano"), std::string::npos);
}

}  // namespace
}  // namespace chatterbox
