// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "text/traced_text.h"
#include "text/word_segmenter.h"

namespace chatterbox {

// Cangjie codes, by which the multilingual model reads Chinese characters: each is keys of
// a keyboard, and a number where several characters have the same keys.
class Cangjie {
 public:
  // Cangjie5_TC.json: a list of "glyph<tab>keys...". Throws kBadFile.
  Cangjie(const std::string& json, const std::string& origin);

  // As tokens, "[cj_o][cj_n][cj_f][cj_.]"; empty for what has no code.
  std::string tokens(std::string_view glyph) const;
  // Words apart, and letters without case as their codes.
  TracedText encode(const TracedText& text, const WordSegmenter& segmenter) const;

 private:
  std::unordered_map<std::string, std::string> codes_;  // keys and number of each glyph
};

}  // namespace chatterbox
