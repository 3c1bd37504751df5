// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatterbox {

// Text on its way to tokens, with where in the original each of its bytes came from:
// letters are made small, taken apart and rewritten, and captions show them as written.
class TracedText {
 public:
  TracedText() = default;
  // The original itself.
  explicit TracedText(std::string_view original);

  const std::string& text() const { return text_; }
  // The byte of the original that byte `at` came from; the original's end for the end.
  std::size_t source(std::size_t at) const;

  // As Python's str.lower() and unicodedata.normalize("NFKD", ...) do it.
  TracedText lower() const;
  TracedText decomposed() const;
  // Without white space at either end, as str.strip().
  TracedText stripped() const;

  // For building another: appends bytes [begin, end) of `from`, or what is written instead
  // of them. `written` is spread over what it replaces.
  void append(const TracedText& from, std::size_t begin, std::size_t end);
  void append(const TracedText& from, std::size_t begin, std::size_t end, std::string_view written);

 private:
  std::string text_;
  std::vector<std::size_t> sources_;  // one for each byte
  std::size_t end_ = 0;
};

}  // namespace chatterbox
