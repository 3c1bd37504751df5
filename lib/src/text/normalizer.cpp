// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/normalizer.h"

#include <unicode/locid.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>

#include "text/replace_all.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

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

struct Replacement {
  std::string_view from, to;
  bool turbo = true;  // whether Turbo's table has it
};

// In this order, as later rules act on what earlier ones wrote.
constexpr Replacement kReplacements[] = {
    {"...", ", ", false}, {"…", ", "}, {":", ","}, {" - ", ", ", false},
    {";", ", ", false},   {"—", "-"},  {"–", "-"}, {" ,", ","},
    {"“", "\""},          {"”", "\""}, {"‘", "'"}, {"’", "'"},
};

bool ends_sentence(std::string_view text, Punctuation punctuation) {
  constexpr std::string_view kEnders[] = {".", "!", "?", "-", ",", "、", "，", "。", "？", "！"};
  const std::size_t count = punctuation == Punctuation::kMultilingual ? std::size(kEnders) : 5;
  return std::any_of(kEnders, kEnders + count,
                     [&](std::string_view ender) { return text.ends_with(ender); });
}

}  // namespace

bool is_python_space(std::int32_t c) { return is_white_space(c) || (c >= 0x1c && c <= 0x1f); }

std::string normalize_punctuation(std::string_view text, Punctuation punctuation) {
  if (text.empty()) return "You need to add some text for me to talk.";

  icu::UnicodeString letters = from_utf8(text);
  const UChar32 first = letters.char32At(0);
  if (u_hasBinaryProperty(first, UCHAR_LOWERCASE)) {
    // The full mapping: one letter may become two.
    const icu::UnicodeString capital = icu::UnicodeString(first).toUpper(icu::Locale::getRoot());
    letters.replace(0, letters.moveIndex32(0, 1), capital);
  }
  std::string result = to_utf8(collapse(letters));

  for (const Replacement& rule : kReplacements)
    if (rule.turbo || punctuation != Punctuation::kTurbo) replace_all(result, rule.from, rule.to);
  result.erase(result.find_last_not_of(' ') + 1);
  if (!ends_sentence(result, punctuation)) result += '.';
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
