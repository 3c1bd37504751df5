// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/words.h"

#include <string>

#include "text/tags.h"
#include "text/unicode_text.h"

namespace chatterbox {

std::vector<TextRange> words_between_spaces(std::string_view text) {
  std::vector<TextRange> words;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t next = at;
    std::size_t skipped = tag_length(text.substr(at));
    if (skipped == 0 && is_white_space(next_character(text, next))) skipped = next - at;
    if (skipped == 0 && !inside) words.push_back({at, at});
    inside = skipped == 0;
    at = inside ? next : at + skipped;
    if (inside) words.back().end = at;
  }
  return words;
}

TextTokens gather_words(std::string_view text, const std::vector<TextRange>& words,
                        const std::vector<PlacedToken>& tokens) {
  TextTokens result;
  std::size_t word = 0;
  std::size_t current = words.size();  // the word that the last of result.words is
  for (const PlacedToken& token : tokens) {
    const int index = int(result.ids.size());
    result.ids.push_back(token.id);
    while (word < words.size() && words[word].end <= token.begin) ++word;
    if (word == words.size() || token.begin < words[word].begin) continue;
    if (current != word) {
      const TextRange range = words[word];
      result.words.push_back(
          {std::string(text.substr(range.begin, range.end - range.begin)), index, index});
      current = word;
    }
    result.words.back().last = index;
  }
  return result;
}

}  // namespace chatterbox
