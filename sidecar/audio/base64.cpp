// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/base64.h"

#include <array>
#include <cstdint>

#include "chatterbox/error.h"

namespace chatterbox::sidecar {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kSpace = 0xfe, kWrong = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kWrong;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[(unsigned char)kAlphabet[i]] = std::uint8_t(i);
  for (const char c : {' ', '\t', '\r', '\n'}) values[(unsigned char)c] = kSpace;
  return values;
}
constexpr auto kValues = make_values();

// "data:audio/wav;base64," as browsers make it.
std::string_view without_prefix(std::string_view text) {
  if (!text.starts_with("data:")) return text;
  const std::size_t comma = text.substr(0, 256).find(";base64,");
  return comma == text.npos ? text : text.substr(comma + 8);
}

}  // namespace

std::string decode_base64(std::string_view text) {
  text = without_prefix(text);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  std::size_t digits = 0, padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint8_t value = kValues[(unsigned char)text[i]];
    if (value == kSpace) continue;
    if (text[i] == '=') {
      ++padding;
      continue;
    }
    if (value == kWrong || padding)
      throw Error(ErrorCode::kInvalidArgument,
                  "expected base64 (A-Z a-z 0-9 + / and = at the end), got byte " +
                      std::to_string(int((unsigned char)text[i])) + " at position " +
                      std::to_string(i));
    bits = bits << 6 | value;
    if (++digits % 4 == 0) {
      bytes += char(bits >> 16);
      bytes += char(bits >> 8);
      bytes += char(bits);
    }
  }
  const std::size_t rest = digits % 4;
  const std::size_t wanted = rest == 0 ? 0 : 4 - rest;
  if (rest == 1 || padding != wanted)
    throw Error(ErrorCode::kInvalidArgument,
                "Incorrect padding: expected " +
                    (rest == 1 ? std::string("another digit")
                               : std::to_string(wanted) + " '=' at the end") +
                    ", got " + std::to_string(digits) + " digits and " + std::to_string(padding) +
                    " '='");
  if (rest >= 2) bytes += char(bits >> (rest == 2 ? 4 : 10));
  if (rest == 3) bytes += char(bits >> 2);
  return bytes;
}

void append_base64(std::string& out, std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return std::uint32_t((unsigned char)bytes[i]); };
  std::size_t at = out.size();
  out.resize(at + (bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out[at++] = kAlphabet[bits >> 18];
    out[at++] = kAlphabet[bits >> 12 & 63];
    out[at++] = kAlphabet[bits >> 6 & 63];
    out[at++] = kAlphabet[bits & 63];
  }
  const std::size_t rest = bytes.size() - i;
  if (rest == 0) return;
  const std::uint32_t bits = byte(i) << 16 | (rest == 2 ? byte(i + 1) << 8 : 0);
  out[at++] = kAlphabet[bits >> 18];
  out[at++] = kAlphabet[bits >> 12 & 63];
  out[at++] = rest == 2 ? kAlphabet[bits >> 6 & 63] : '=';
  out[at++] = '=';
}

}  // namespace chatterbox::sidecar
