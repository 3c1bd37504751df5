// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/sentence_rule.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "text/unicode_text.h"

namespace chatterbox {
namespace {

// Titles and the like, in small letters.
constexpr std::string_view kBeforeNames[] = {
    "adm", "al",  "approx", "ca",  "capt", "cf",   "cmdr",   "col",  "cpl",  "dept",
    "dr",  "e.g", "gen",    "gov", "hon",  "i.e",  "lt",     "maj",  "mlle", "mme",
    "mr",  "mrs", "ms",     "mt",  "mx",   "pres", "messrs", "prof", "pvt",  "rep",
    "rev", "sen", "sgt",    "st",  "v",    "viz",  "vs",
};
// Others end sentences as well: "I said no."
constexpr std::string_view kBeforeNumbers[] = {
    "apr", "art", "aug", "ch",  "dec", "eq", "feb", "fig", "jan",  "jul", "jun",
    "mar", "no",  "nos", "nov", "oct", "p",  "pp",  "sec", "sept", "sep", "vol",
};

template <class Table>
bool contains(const Table& table, std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

bool is_one_of(CodePoints set, char32_t c) { return set.find(c) != CodePoints::npos; }
bool is_opener(char32_t c) { return is_one_of(U"\"'([{«“‘¿¡", c); }
bool is_closer(char32_t c) { return is_one_of(U"\"')]}»”’」』）", c); }
bool is_space(char32_t c) { return !is_tag(c) && is_white_space(UChar32(c)); }
bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }

// The word before a full stop, in ASCII; empty where it is none.
std::string word_before(CodePoints text, std::size_t stop) {
  std::size_t begin = stop;
  while (begin > 0 && !is_space(text[begin - 1]) && !is_opener(text[begin - 1])) --begin;
  std::string word;
  for (const char32_t c : text.substr(begin, stop - begin)) {
    // An initial of another alphabet is one as well.
    const bool initial = stop - begin == 1 && !is_tag(c) && u_isupper(UChar32(c));
    if (c >= 0x80 && !initial) return {};
    word += c < 0x80 ? char(c) : 'X';
  }
  return word;
}

bool owns_stop_at(CodePoints text, std::size_t stop, std::size_t next) {
  const bool number = next < text.size() && is_digit(text[next]);
  return owns_full_stop(word_before(text, stop), number ? "1" : "");
}

}  // namespace

// Ends of sentences in Latin and Cyrillic, then Greek, Hebrew, Arabic and Devanagari.
bool ends_sentence(char32_t c) { return is_one_of(U".!?…‼⁇⁈⁉\u037e׃؟।॥", c); }
bool ends_wide_sentence(char32_t c) { return is_one_of(U"。！？｡", c); }

bool owns_full_stop(std::string_view word, std::string_view next) {
  if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z') return word[0] != 'I';
  std::string small(word);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 'a' - 'A') : c; });
  if (contains(kBeforeNames, small)) return true;
  return !next.empty() && is_digit(char32_t(next[0])) && contains(kBeforeNumbers, small);
}

SentenceEnd sentence_end(CodePoints text, std::size_t mark, AfterText after) {
  const std::size_t size = text.size();
  bool wide = ends_wide_sentence(text[mark]);
  SentenceEnd result{false, false, mark + 1};
  std::size_t& end = result.end;
  for (; end < size; ++end) {
    const char32_t c = text[end];
    wide = wide || ends_wide_sentence(c);
    if (!is_closer(c) && !is_tag(c) && !ends_sentence(c) && !ends_wide_sentence(c)) break;
  }
  const bool stop_alone = text[mark] == U'.' && end == mark + 1;

  std::size_t next = end;
  int lines = 0;
  for (; next < size && (is_space(text[next]) || is_tag(text[next])); ++next)
    lines += text[next] == U'\n';
  // Tags that nothing follows are no sentence.
  if (next == size && after == AfterText::kNothing) return {true, false, size};
  if (wide && end < size) return {true, false, end};
  if (next == size) {
    if (after == AfterText::kMore) return result;
    const bool number = mark > 0 && is_digit(text[mark - 1]) && end == size;
    result.over = !stop_alone || !(number || owns_stop_at(text, mark, next));
    return result;
  }
  if (next == end) return result;
  result.paragraph = lines >= 2;
  // A small letter goes on with the sentence: "e.g. this", "what?" she said. A tag, "[laugh]", does
  // not.
  while (next < size && is_opener(text[next]) && text[next] != U'[') ++next;
  const bool goes_on = next < size && !is_tag(text[next]) && u_islower(UChar32(text[next]));
  result.over = (result.paragraph || !goes_on) && !(stop_alone && owns_stop_at(text, mark, next));
  return result;
}

}  // namespace chatterbox
