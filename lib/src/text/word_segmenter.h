// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "text/words.h"

namespace chatterbox {

// Words of scripts that write none apart. An object, so that another can take its place:
// what a model reads depends on where words end.
class WordSegmenter {
 public:
  virtual ~WordSegmenter() = default;
  // Words and marks in the order of the text, white space in none of them. Safe from many
  // threads.
  virtual std::vector<TextRange> cut(std::string_view text) const = 0;
};

// By ICU's dictionary of Chinese and Japanese words.
std::unique_ptr<WordSegmenter> make_icu_segmenter();

// Words as captions show them: each with the marks that belong to it.
std::vector<TextRange> words_with_marks(std::string_view text, const WordSegmenter& segmenter);

}  // namespace chatterbox
