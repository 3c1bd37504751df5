// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <stop_token>

#include "model_parts.h"
#include "t3/t3.h"
#include "turns.h"

namespace chatterbox {

// Parts and options that make an utterance's speech.
struct TokenWork {
  const ModelParts& model;
  const std::stop_token& stop;
  Turn& turn;
  bool streaming;
  std::size_t chunk;  // tokens
};

struct TokenSteps {
  // T3's tokens, each with the text that it says. `threads`: see T3Request.
  std::function<void(const TokenSink& sink, const std::atomic<int>* threads)> make;
  std::function<void(std::int64_t token, int text_position)> speak;
  // Tokens until speak() has work to do; 1 or more.
  std::function<std::size_t()> missing;
  // Something audible has been delivered.
  std::function<bool()> heard;
};

// Speaks all tokens that are made. T3 waits for memory and S3Gen computes, so that they work side
// by side where there are two cores. The speech depends on neither.
void speak_tokens(const TokenWork& work, const TokenSteps& steps);

}  // namespace chatterbox
