// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatterbox {

// Tokens that are matched before anything else looks at the text, as those of the
// `tokenizers` library: leftmost first, the longest of several.
class AddedTokens {
 public:
  struct Token {
    std::string content;
    std::int64_t id = 0;
    // Only where no letter is beside it; takes the white space on its left, its right.
    bool single_word = false, lstrip = false, rstrip = false;
    // Matched after those that are not, in what they left.
    bool normalized = false;
  };

  // A stretch of the text, or the token that took its place.
  struct Stretch {
    std::size_t begin = 0, end = 0;
    std::int64_t id = -1;  // of a token
  };

  void add(Token token);
  // In the order of their ids.
  std::vector<Token> all() const;
  // -1: none.
  std::int64_t find(std::string_view content) const;
  // The whole text in stretches.
  std::vector<Stretch> cut(std::string_view text) const;

 private:
  void cut(std::string_view text, Stretch part, bool normalized, std::vector<Stretch>& out) const;
  const Token* match(std::string_view text, std::size_t at, bool normalized) const;

  std::vector<Token> tokens_;  // longest first
};

// \w of the Rust regular expressions that the reference uses.
bool is_word_character(std::int32_t c);

}  // namespace chatterbox
