// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/kanji_readings.h"

#include <unicode/normalizer2.h>

#include <algorithm>

#include "chatterbox/error.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

bool has_kanji(std::string_view text) {
  for (std::size_t at = 0; at < text.size();)
    if (is_kanji(next_character(text, at))) return true;
  return false;
}

std::string normalized(std::string_view text, bool composed) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* form = composed ? icu::Normalizer2::getNFCInstance(status)
                                          : icu::Normalizer2::getNFKDInstance(status);
  const icu::UnicodeString result =
      U_SUCCESS(status) ? form->normalize(from_utf8(text), status) : icu::UnicodeString();
  if (U_FAILURE(status))
    throw Error(ErrorCode::kModelFailure, std::string("text: ICU failed: ") + u_errorName(status));
  return to_utf8(result);
}

std::string reading_of(const KanjiReadings::Word& word) {
  const std::string reading = to_hiragana(word.reading);
  const bool apart = reading.starts_with("は") || reading.starts_with("へ");
  return normalized((apart ? " " : "") + reading, /*composed=*/false);
}

// Reads bytes [begin, end) of `text`, which hold no white space.
void read_run(const TracedText& text, std::size_t begin, std::size_t end,
              const KanjiReadings& readings, TracedText& result) {
  const auto run = std::string_view(text.text()).substr(begin, end - begin);
  if (!has_kanji(run)) return result.append(text, begin, end);
  for (const KanjiReadings::Word& word : readings.read(normalized(run, /*composed=*/true))) {
    // As long as it was when taken apart.
    const std::string written = normalized(word.written, /*composed=*/false);
    const std::size_t after = std::min(begin + written.size(), end);
    if (has_kanji(written) && !word.reading.empty())
      result.append(text, begin, after, reading_of(word));
    else
      result.append(text, begin, after, written);
    begin = after;
  }
  result.append(text, begin, end);
}

}  // namespace

bool is_kanji(std::int32_t c) { return c >= 0x4e00 && c <= 0x9fff; }

std::string to_hiragana(std::string_view text) {
  icu::UnicodeString result;
  for (std::size_t at = 0; at < text.size();) {
    const UChar32 c = next_character(text, at);
    result.append(c >= 0x30a1 && c <= 0x30f6 ? c - 0x60 : c < 0 ? 0xfffd : c);
  }
  return to_utf8(result);
}

TracedText read_kanji(const TracedText& text, const KanjiReadings& readings) {
  TracedText result;
  const std::string_view whole = text.text();
  std::size_t begin = 0;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t here = at;
    // Characters that MeCab would take for the end of its line, or leave out, do not reach it.
    const UChar32 c = next_character(whole, at);
    if (!is_white_space(c) && c >= 0x20) continue;
    read_run(text, begin, here, readings, result);
    result.append(text, here, at);
    begin = at;
  }
  read_run(text, begin, whole.size(), readings, result);
  return result;
}

}  // namespace chatterbox
