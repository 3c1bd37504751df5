// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "quality.h"

#include <gtest/gtest.h>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

ModelOptions options(const std::string& quality) {
  ModelOptions options;
  options.quality = quality;
  return options;
}

TEST(Quality, ReferenceIsAsUpstreamComputes) {
  for (const bool on_processor : {true, false}) {
    const ModelOptions chosen = with_quality(options("reference"), on_processor);
    EXPECT_EQ(chosen.dtype, "float32");
    EXPECT_EQ(chosen.attention, "full");
  }
  EXPECT_EQ(find_quality("reference").guided_steps, 0);
}

TEST(Quality, BalancedLeavesEverythingToTheLibrary) {
  for (const char* name : {"", "balanced"}) {
    const ModelOptions chosen = with_quality(options(name), true);
    EXPECT_EQ(chosen.dtype, "auto");
    EXPECT_EQ(chosen.attention, "auto");
    EXPECT_EQ(find_quality(name).guided_steps, 0);
  }
}

TEST(Quality, FastTakesFewerStepsAndBytes) {
  EXPECT_EQ(with_quality(options("fast"), true).dtype, "int8");
  EXPECT_EQ(with_quality(options("fast"), false).dtype, "auto");
  EXPECT_EQ(with_quality(options("fast"), true).attention, "chunk");
  EXPECT_EQ(find_quality("fast").guided_steps, 5);
}

TEST(Quality, WhatIsChosenStays) {
  ModelOptions given = options("fast");
  given.dtype = "bfloat16";
  given.attention = "full";
  const ModelOptions chosen = with_quality(given, true);
  EXPECT_EQ(chosen.dtype, "bfloat16");
  EXPECT_EQ(chosen.attention, "full");
}

TEST(Quality, RefusesOtherNames) {
  try {
    find_quality("best");
    FAIL() << "was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_STREQ(error.what(),
                 "quality: expected \"reference\", \"balanced\" or \"fast\", got \"best\"");
  }
}

}  // namespace
}  // namespace chatterbox
