// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "library/voice_name.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

#include "chatterbox/error.h"
#include "chatterbox/voice_library.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

constexpr std::size_t kMaxCharacters = 64;
constexpr std::size_t kMaxSuggestions = 3;

[[noreturn]] void refuse(const std::string& expected, std::string_view name) {
  // Characters that cannot be shown are left out.
  std::string shown;
  for (const char c : name.substr(0, kMaxCharacters))
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  throw Error(ErrorCode::kInvalidArgument,
              "voice name: expected " + expected + ", got '" + shown + "'");
}

// Control, direction and other invisible characters, and those that exist only
// in pairs or not at all.
bool is_invisible(UChar32 c) {
  switch (u_charType(c)) {
    case U_CONTROL_CHAR:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
    case U_SURROGATE:
    case U_UNASSIGNED:
    case U_PRIVATE_USE_CHAR:
      return true;
    case U_FORMAT_CHAR:
      return c != 0x200c && c != 0x200d;  // joiners spell words in some scripts
    default:
      return false;
  }
}

std::size_t edit_distance(const icu::UnicodeString& a, const icu::UnicodeString& b) {
  std::vector<std::size_t> row(std::size_t(b.length()) + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::int32_t i = 0; i < a.length(); ++i) {
    std::size_t diagonal = std::exchange(row[0], std::size_t(i) + 1);
    for (std::int32_t j = 0; j < b.length(); ++j) {
      const auto at = std::size_t(j);
      const std::size_t here =
          std::min({row[at + 1] + 1, row[at] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = std::exchange(row[at + 1], here);
    }
  }
  return row.back();
}

icu::UnicodeString folded(std::string_view name) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString text = from_utf8(name);
  const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(status);
  if (U_FAILURE(status)) return text;
  const icu::UnicodeString result = fold->normalize(text, status);
  return U_FAILURE(status) ? text : result;
}

}  // namespace

bool is_voice_id(std::string_view text) {
  return text.size() == 8 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.front() != '.' &&
         name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

std::string lower_ascii(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return text;
}

std::string folded_name(std::string_view name) {
  std::string text;
  folded(name).toUTF8String(text);
  return text;
}

std::vector<std::string> near_names(std::string_view name, std::vector<std::string> names) {
  const icu::UnicodeString wanted = folded(name.substr(0, 4 * kMaxCharacters));
  const auto limit = std::max<std::size_t>(1, std::size_t(wanted.length()) / 3 + 1);
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (std::string& candidate : names)
    if (const std::size_t distance = edit_distance(wanted, folded(candidate)); distance <= limit)
      ranked.emplace_back(distance, std::move(candidate));
  std::sort(ranked.begin(), ranked.end());
  if (ranked.size() > kMaxSuggestions) ranked.resize(kMaxSuggestions);
  std::vector<std::string> near;
  for (auto& [distance, candidate] : ranked) near.push_back(std::move(candidate));
  return near;
}

void check_voice_name(std::string_view name) {
  if (name.empty()) refuse("1 character or more", name);
  if (name.size() > 4 * kMaxCharacters) refuse("64 characters or fewer", name);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(name.data());
  const auto size = std::int32_t(name.size());
  std::size_t characters = 0;
  for (std::int32_t i = 0; i < size; ++characters) {
    const bool first = i == 0;
    UChar32 c = 0;
    U8_NEXT(bytes, i, size, c);
    if (c < 0) refuse("UTF-8", name);
    if (c == '/' || c == '\\') refuse("no path separators", name);
    if (is_invisible(c)) refuse("visible characters", name);
    if (first && c == '.') refuse("no dot in front", name);
    if ((first || i == size) && u_isUWhiteSpace(c)) refuse("no space at either end", name);
  }
  if (characters > kMaxCharacters) refuse("64 characters or fewer", name);
  if (is_voice_id(name)) refuse("something other than 8 hexadecimal digits, an id", name);
}

}  // namespace chatterbox
