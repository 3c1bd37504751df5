// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <regex>
#include <string>
#include <string_view>

namespace chatterbox {

// Match of a pattern in the text that it was given, which has to outlive it.
using Match = std::match_results<std::string_view::const_iterator>;

// A regular expression, of ECMAScript. The standard library's machine for them is compiled with
// this class, once, and not with each file that has patterns.
class Pattern {
 public:
  explicit Pattern(const char* expression);

  bool is_all_of(std::string_view text) const;
  bool is_all_of(std::string_view text, Match& match) const;
  bool begins(std::string_view text, Match& match) const;
  // Each place where the pattern is found, written as `by` says: "$1" is its first group.
  std::string replace(const std::string& text, const char* by) const;

 private:
  std::shared_ptr<const std::regex> regex_;
};

}  // namespace chatterbox
