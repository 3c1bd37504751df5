// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "utf16_decoder.h"

#include <glib.h>

#include <utility>

namespace chatterbox::gst {

namespace {

constexpr gunichar kReplacement = 0xFFFD;

bool is_high(gunichar unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(gunichar unit) { return unit >= 0xDC00 && unit < 0xE000; }

void append(std::string& text, gunichar c) {
  char bytes[6];
  text.append(bytes, std::size_t(g_unichar_to_utf8(c, bytes)));
}

}  // namespace

std::string Utf16Decoder::decode(std::string_view bytes) {
  if (encoding_ == Encoding::kOther) return std::string(bytes);
  std::string input = std::exchange(carry_, {});
  input += bytes;
  if (encoding_ == Encoding::kUnknown) {
    // Half a mark waits for its other half.
    if (input == "\xFF" || input == "\xFE") {
      carry_ = std::move(input);
      return {};
    }
    if (input.empty()) return {};
    encoding_ = input.starts_with("\xFF\xFE")   ? Encoding::kLittleEndian
                : input.starts_with("\xFE\xFF") ? Encoding::kBigEndian
                                                : Encoding::kOther;
    if (encoding_ == Encoding::kOther) return input;
  }

  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(input[at]);
    const auto second = static_cast<unsigned char>(input[at + 1]);
    return gunichar(encoding_ == Encoding::kLittleEndian ? first | second << 8
                                                         : first << 8 | second);
  };
  std::string text;
  std::size_t at = 0;
  for (; at + 1 < input.size(); at += 2) {
    const gunichar c = unit(at);
    if (is_high(c)) {
      if (at + 3 >= input.size()) break;
      const gunichar low = unit(at + 2);
      if (is_low(low)) {
        append(text, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
        at += 2;
        continue;
      }
    }
    append(text, is_high(c) || is_low(c) ? kReplacement : c);
  }
  carry_ = input.substr(at);
  return text;
}

std::string Utf16Decoder::finish() { return std::exchange(carry_, {}); }

}  // namespace chatterbox::gst
