// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "pattern.h"

namespace chatterbox {

Pattern::Pattern(const char* expression)
    : regex_(std::make_shared<const std::regex>(expression,
                                                std::regex::ECMAScript | std::regex::optimize)) {}

bool Pattern::is_all_of(std::string_view text) const {
  Match match;
  return is_all_of(text, match);
}

bool Pattern::is_all_of(std::string_view text, Match& match) const {
  return std::regex_match(text.begin(), text.end(), match, *regex_);
}

bool Pattern::begins(std::string_view text, Match& match) const {
  return std::regex_search(text.begin(), text.end(), match, *regex_,
                           std::regex_constants::match_continuous);
}

std::string Pattern::replace(const std::string& text, const char* by) const {
  return std::regex_replace(text, *regex_, by);
}

}  // namespace chatterbox
