// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "utf8_reader.h"

#include <glib.h>

#include <utility>

namespace chatterbox::gst {

namespace {

constexpr gunichar kByteOrderMark = 0xFEFF;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr gunichar kReplacementCharacter = 0xFFFD;
// Answers of g_utf8_get_char_validated.
constexpr gunichar kInvalid = gunichar(-1);
constexpr gunichar kIncomplete = gunichar(-2);

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
    append(text, is_high(c) || is_low(c) ? kReplacementCharacter : c);
  }
  carry_ = input.substr(at);
  return text;
}

std::string Utf16Decoder::finish() { return std::exchange(carry_, {}); }

std::string Utf8Reader::read(std::string_view bytes) { return read_utf8(decoder_.decode(bytes)); }

std::string Utf8Reader::read_utf8(std::string_view bytes) {
  std::string input = std::exchange(carry_, {});
  input += bytes;
  std::string text;
  text.reserve(input.size());

  std::size_t at = 0;
  while (at < input.size()) {
    const auto byte = static_cast<unsigned char>(input[at]);
    if (byte < 0x80) {
      in_invalid_ = false;
      const bool after_cr = std::exchange(last_was_cr_, byte == '\r');
      ++at;
      if (byte == '\n' && after_cr) continue;
      if (byte == '\r' || byte == '\n')
        text += '\n';
      else
        text += byte < 0x20 || byte == 0x7F ? ' ' : char(byte);
      continue;
    }
    last_was_cr_ = false;
    const gunichar c = g_utf8_get_char_validated(&input[at], gssize(input.size() - at));
    if (c == kIncomplete) {
      carry_ = input.substr(at);
      break;
    }
    if (c == kInvalid) {
      // One replacement for a run of bad bytes.
      if (!std::exchange(in_invalid_, true)) text += kReplacement;
      met_invalid_ = true;
      ++at;
      continue;
    }
    in_invalid_ = false;
    const std::size_t length = g_utf8_skip[byte];
    if (c != kByteOrderMark) text.append(input, at, length);
    at += length;
  }
  return text;
}

std::string Utf8Reader::finish() {
  std::string text = read_utf8(decoder_.finish());
  const bool cut = !carry_.empty();
  carry_.clear();
  last_was_cr_ = false;
  in_invalid_ = false;
  if (!cut) return text;
  met_invalid_ = true;
  return text + std::string(kReplacement);
}

bool Utf8Reader::take_invalid() { return std::exchange(met_invalid_, false); }

}  // namespace chatterbox::gst
