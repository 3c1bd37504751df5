// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/normalizer.h"

#include <unicode/locid.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

namespace chatterbox {
namespace {

icu::UnicodeString from_utf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), std::int32_t(text.size())));
}

std::string to_utf8(const icu::UnicodeString& text) {
  std::string utf8;
  return text.toUTF8String(utf8);
}

// Python's str.isspace: Unicode white space and the four information separators.
bool is_python_space(UChar32 c) { return u_isUWhiteSpace(c) || (c >= 0x1c && c <= 0x1f); }

icu::UnicodeString collapse(const icu::UnicodeString& text) {
  icu::UnicodeString words;
  bool pending = false;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (is_python_space(c)) {
      pending = !words.isEmpty();
      continue;
    }
    if (pending) words.append(u' ');
    pending = false;
    words.append(c);
  }
  return words;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::string result;
  std::size_t begin = 0;
  for (std::size_t found; (found = text.find(from, begin)) != std::string::npos;
       begin = found + from.size()) {
    result.append(text, begin, found - begin);
    result.append(to);
  }
  result.append(text, begin);
  text = std::move(result);
}

}  // namespace

std::string normalize_punctuation(std::string_view text) {
  if (text.empty()) return "You need to add some text for me to talk.";

  icu::UnicodeString letters = from_utf8(text);
  const UChar32 first = letters.char32At(0);
  if (u_hasBinaryProperty(first, UCHAR_LOWERCASE)) {
    // The full mapping: one letter may become two.
    const icu::UnicodeString capital = icu::UnicodeString(first).toUpper(icu::Locale::getRoot());
    letters.replace(0, letters.moveIndex32(0, 1), capital);
  }
  std::string result = to_utf8(collapse(letters));

  // In this order, as later rules act on what earlier ones wrote.
  static constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
      {"...", ", "}, {"…", ", "}, {":", ","},  {" - ", ", "}, {";", ", "}, {"—", "-"},
      {"–", "-"},    {" ,", ","}, {"“", "\""}, {"”", "\""},   {"‘", "'"},  {"’", "'"},
  };
  for (const auto& [from, to] : kReplacements) replace_all(result, from, to);

  result.erase(result.find_last_not_of(' ') + 1);
  static constexpr std::string_view kEnders = ".!?-,";
  if (result.empty() || kEnders.find(result.back()) == std::string_view::npos) result += '.';
  return result;
}

std::string collapse_spaces(std::string_view text) { return to_utf8(collapse(from_utf8(text))); }

std::string to_ascii(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  static std::mutex mutex;
  static const std::unique_ptr<const icu::Transliterator> transliterator = [] {
    UErrorCode status = U_ZERO_ERROR;
    return std::unique_ptr<const icu::Transliterator>(
        icu::Transliterator::createInstance("Any-Latin; Latin-ASCII", UTRANS_FORWARD, status));
  }();

  icu::UnicodeString letters = from_utf8(text);
  if (transliterator) {
    const std::lock_guard lock(mutex);
    transliterator->transliterate(letters);
  }
  std::string ascii;
  for (std::int32_t i = 0; i < letters.length(); ++i)
    if (letters[i] < 0x80) ascii += char(letters[i]);
  return ascii;
}

}  // namespace chatterbox
