// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "text/bpe.h"
#include "text/tokenizer.h"

namespace chatterbox {

// A part of a text, in bytes.
struct TextRange {
  std::size_t begin = 0, end = 0;
};

// Words between white space; tags separate words too and are none.
std::vector<TextRange> words_between_spaces(std::string_view text);

// The ids of `tokens`, and which of them each word of `text` became. `tokens` are in the order of
// the text; a token in no word belongs to none.
TextTokens gather_words(std::string_view text, const std::vector<TextRange>& words,
                        const std::vector<PlacedToken>& tokens);

}  // namespace chatterbox
