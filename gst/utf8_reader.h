// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>

namespace chatterbox::gst {

// Bytes as they come from a file or a socket, cut anywhere, to clean UTF-8:
// characters cut between calls are joined, byte order marks dropped, CR and
// CRLF become LF, other control characters a space, and what is not UTF-8
// becomes U+FFFD.
class Utf8Reader {
 public:
  // What of `bytes` is complete.
  std::string read(std::string_view bytes);
  // The end: a character that was begun and never completed is invalid.
  std::string finish();
  // True once after invalid bytes were met.
  bool take_invalid();
  void reset() { *this = {}; }

 private:
  std::string carry_;
  bool last_was_cr_ = false;
  bool in_invalid_ = false;
  bool met_invalid_ = false;
};

}  // namespace chatterbox::gst
