// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/unicode_text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace chatterbox {

std::string to_utf8(std::u32string_view text) {
  std::string utf8;
  for (const char32_t c : text) icu::UnicodeString(UChar32(c)).toUTF8String(utf8);
  return utf8;
}

UChar32 next_character(std::string_view text, std::size_t& position) {
  UChar32 c;
  auto i = std::int32_t(position);
  U8_NEXT(text.data(), i, std::int32_t(text.size()), c);
  position = std::size_t(i);
  return c;
}

UChar32 previous_character(std::string_view text, std::size_t& position) {
  UChar32 c;
  auto i = std::int32_t(position);
  U8_PREV(text.data(), 0, i, c);
  position = std::size_t(i);
  return c;
}

bool is_white_space(UChar32 c) { return u_isUWhiteSpace(c); }

}  // namespace chatterbox
