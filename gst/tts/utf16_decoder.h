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

}  // namespace chatterbox::gst
