// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>

namespace chatterbox::gst {

// Text files of Windows: UTF-16 is known by its byte order mark. Bytes may be cut anywhere.
class Utf16Decoder {
 public:
  // The same text in UTF-8: `bytes` unchanged when the text is not in UTF-16, and nothing as long
  // as that is not known.
  std::string decode(std::string_view bytes);
  // The end: bytes that were waiting. A character that was begun is invalid UTF-8.
  std::string finish();

 private:
  enum class Encoding { kUnknown, kOther, kLittleEndian, kBigEndian };
  Encoding encoding_ = Encoding::kUnknown;
  std::string carry_;
};

// Bytes as they come from a file or a socket, cut anywhere, to clean UTF-8:
// characters cut between calls are joined, byte order marks dropped, CR and
// CRLF become LF, other control characters a space, and what is not UTF-8
// becomes U+FFFD. A text that begins with the byte order mark of UTF-16 is in UTF-16.
class Utf8Reader {
 public:
  // The complete characters of `bytes`.
  std::string read(std::string_view bytes);
  // The end: a character that was begun and never completed is invalid.
  std::string finish();
  // True once after invalid bytes were met.
  bool take_invalid();
  void reset() { *this = {}; }

 private:
  std::string read_utf8(std::string_view bytes);

  Utf16Decoder decoder_;
  std::string carry_;
  bool last_was_cr_ = false;
  bool in_invalid_ = false;
  bool met_invalid_ = false;
};

}  // namespace chatterbox::gst
