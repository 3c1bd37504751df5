// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <unicode/unistr.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace chatterbox {

// Bytes that are not UTF-8 become U+FFFD.
inline icu::UnicodeString from_utf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), std::int32_t(text.size())));
}

inline std::string to_utf8(const icu::UnicodeString& text) {
  std::string utf8;
  return text.toUTF8String(utf8);
}

std::string to_utf8(std::u32string_view text);

// The character at `position` of UTF-8, which moves behind it; negative for a broken one.
UChar32 next_character(std::string_view text, std::size_t& position);
// The character that ends at `position`, which moves before it.
UChar32 previous_character(std::string_view text, std::size_t& position);

// White space as Unicode, and so \s of regular expressions, has it.
bool is_white_space(UChar32 c);

}  // namespace chatterbox
