// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "attention_choice.h"

#include <gtest/gtest.h>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr FlowAttention kFull = FlowAttention::kFull, kChunk = FlowAttention::kChunk;
const c10::Device kProcessor("cpu"), kCuda("cuda:0");

void expect(const AttentionChoice& choice, FlowAttention whole, FlowAttention streaming) {
  EXPECT_EQ(choice.whole, whole);
  EXPECT_EQ(choice.streaming, streaming);
}

TEST(AttentionChoice, StreamsInChunksOnAProcessorByItself) {
  for (const char* wanted : {"", "auto"}) {
    expect(choose_attention(wanted, kFull, kProcessor), kFull, kChunk);
    expect(choose_attention(wanted, kFull, kCuda), kFull, kFull);
  }
}

TEST(AttentionChoice, KeepsToChunksThatAModelWasTrainedWith) {
  for (const c10::Device& device : {kProcessor, kCuda})
    expect(choose_attention("auto", kChunk, device), kChunk, kChunk);
}

TEST(AttentionChoice, IsAsTheCallerSays) {
  for (const FlowAttention trained : {kFull, kChunk})
    for (const c10::Device& device : {kProcessor, kCuda}) {
      expect(choose_attention("full", trained, device), kFull, kFull);
      expect(choose_attention("chunk", trained, device), kChunk, kChunk);
    }
}

TEST(AttentionChoice, RefusesOtherNames) {
  try {
    choose_attention("Full", kFull, kProcessor);
    FAIL() << "was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_STREQ(error.what(), "attention: expected \"auto\", \"full\" or \"chunk\", got \"Full\"");
  }
}

}  // namespace
}  // namespace chatterbox
