// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/splitter.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <iterator>

#include "text/normalizer.h"
#include "text/tags.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

using Characters = std::u32string;
using View = std::u32string_view;

// While text is cut each tag is one of these, behind all characters: it stays whole, and
// counts as one.
constexpr char32_t kFirstTag = 0x110000;
bool is_tag(char32_t c) { return c >= kFirstTag; }

Characters to_characters(std::string_view utf8) {
  Characters characters;
  for (std::size_t at = 0; at < utf8.size();) {
    if (const int tag = find_tag(utf8.substr(at)); tag >= 0) {
      characters += kFirstTag + char32_t(tag);
      at += kTags[std::size_t(tag)].size();
      continue;
    }
    const UChar32 c = next_character(utf8, at);
    characters += c < 0 ? U'\ufffd' : char32_t(c);
  }
  return characters;
}

std::string to_utf8(View characters) {
  std::string utf8;
  for (const char32_t c : characters)
    if (is_tag(c))
      utf8 += kTags[c - kFirstTag];
    else
      icu::UnicodeString(UChar32(c)).toUTF8String(utf8);
  return utf8;
}

bool contains(View set, char32_t c) { return set.find(c) != View::npos; }
bool is_closer(char32_t c) { return contains(U"\"')]}»”’」』）", c); }
// Marks of scripts that write no space after a sentence or clause.
bool ends_wide_sentence(char32_t c) { return contains(U"。！？｡", c); }
bool ends_wide_clause(char32_t c) { return contains(U"，、；：､", c); }
// Those of the others: of Latin and Cyrillic, then Greek, Hebrew, Arabic and Devanagari.
bool ends_sentence(char32_t c) { return contains(U".!?…‼⁇⁈⁉\u037e׃؟।॥", c); }
bool ends_clause(char32_t c) { return contains(U",;:.!?)]—–-\"”·\u0387،؛", c) || ends_sentence(c); }

// Titles and the like: a capital letter after them does not begin a sentence.
bool is_title(const std::string& word) {
  static constexpr std::string_view kTitles[] = {
      "mr",  "mrs",  "ms",  "mx",  "dr",  "prof", "st",  "mt",     "rev", "hon",    "gov",
      "sen", "rep",  "gen", "col", "maj", "capt", "lt",  "sgt",    "cpl", "pvt",    "pres",
      "no",  "nos",  "vs",  "v",   "fig", "vol",  "pp",  "p",      "ch",  "sec",    "art",
      "cf",  "viz",  "e.g", "i.e", "jan", "feb",  "mar", "apr",    "jun", "jul",    "aug",
      "sep", "sept", "oct", "nov", "dec", "mlle", "mme", "messrs", "al",  "approx", "ca",
  };
  return std::find(std::begin(kTitles), std::end(kTitles), word) != std::end(kTitles);
}

// Whether the full stop at `stop` belongs to its word: "Dr.", "J. R. R.".
bool is_abbreviation(View text, std::size_t stop) {
  std::size_t begin = stop;
  while (begin > 0 && text[begin - 1] != U' ' && !contains(U"(\"'[“‘", text[begin - 1])) --begin;
  const View word = text.substr(begin, stop - begin);
  if (word.size() == 1) return word[0] != U'I' && u_isupper(UChar32(word[0]));
  std::string lower;
  for (const char32_t c : word) {
    if (c >= 0x80) return false;
    lower += char(u_tolower(UChar32(c)));
  }
  return is_title(lower);
}

// Where what is no tag and no space begins.
std::size_t skip_tags(View text, std::size_t position) {
  while (position < text.size() && (text[position] == U' ' || is_tag(text[position]))) ++position;
  return position;
}

// End of the sentence that starts at `begin`, past its closing quotes.
std::size_t sentence_end(View text, std::size_t begin) {
  for (std::size_t i = begin; i < text.size(); ++i) {
    const bool wide = ends_wide_sentence(text[i]);
    if (!wide && !ends_sentence(text[i])) continue;
    std::size_t end = i + 1;
    while (end < text.size() && (is_closer(text[end]) || is_tag(text[end]) ||
                                 ends_sentence(text[end]) || ends_wide_sentence(text[end])))
      ++end;
    // Tags that nothing follows are no sentence.
    if (skip_tags(text, end) == text.size()) return text.size();
    if (wide && end == i + 1) return end;
    if (text[end] != U' ') {
      if (wide) return end;
      i = end - 1;
      continue;
    }
    // A small letter goes on with the sentence: "e.g. this", "what?" she said.
    std::size_t next = skip_tags(text, end);
    while (next < text.size() && contains(U"\"'([{«“‘¿¡", text[next])) ++next;
    const bool continues = next < text.size() && u_islower(UChar32(text[next]));
    const bool abbreviation = text[i] == U'.' && end == i + 1 && is_abbreviation(text, i);
    if (!continues && !abbreviation) return end;
    i = end - 1;
  }
  return text.size();
}

// Where a text longer than `limit` is best cut: after a clause, else after a
// word, else after a sign in a word ("https://a.org/b"), else between
// characters. Never 0.
std::size_t cut(View text, std::size_t limit) {
  std::size_t clause = 0, word = 0, sign = 0;
  for (std::size_t i = 1; i <= limit; ++i) {
    const char32_t last = text[i - 1];
    if (ends_wide_clause(last) || ends_wide_sentence(last)) clause = i;
    if (contains(U"/-_&?=.,@+:;|", last)) sign = i;
    if (text[i] != U' ') continue;
    word = i;
    if (ends_clause(last)) clause = i;
  }
  if (clause >= limit / 3 && clause > 0) return clause;
  if (word > 0) return word;
  if (sign >= limit / 3 && sign > 0) return sign;
  // A mark that combines with the letter before it stays with it.
  std::size_t between = limit;
  const auto extends = [&](std::size_t i) {
    return u_hasBinaryProperty(UChar32(text[i]), UCHAR_GRAPHEME_EXTEND) || text[i - 1] == U'\u200d';
  };
  while (between > 1 && extends(between)) --between;
  return extends(between) ? limit : between;
}

std::size_t skip_space(View text, std::size_t position) {
  return position < text.size() && text[position] == U' ' ? position + 1 : position;
}

// A part of the text; neighbours may be joined into one piece.
struct Part {
  std::size_t begin, end;
};

std::vector<Part> parts_of(View text, std::size_t limit) {
  std::vector<Part> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = sentence_end(text, begin);
    while (end - begin > limit) {
      const View rest = text.substr(begin, end - begin);
      std::size_t length = cut(rest, limit);
      // Tags alone are no piece either.
      if (length > 1 && skip_tags(rest, length) == rest.size()) length = cut(rest, length - 1);
      parts.push_back({begin, begin + length});
      begin = skip_space(text, begin + length);
    }
    if (end > begin) parts.push_back({begin, end});
    begin = skip_space(text, end);
  }
  return parts;
}

}  // namespace

std::vector<std::string> split_pieces(std::string_view utf8, std::size_t max_characters) {
  const std::size_t limit = std::max<std::size_t>(max_characters, 1);
  const Characters text = to_characters(collapse_spaces(utf8));
  const std::vector<Part> parts = parts_of(text, limit);

  // Each piece takes as many whole parts as fit.
  std::vector<std::size_t> first_part;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (first_part.empty() || parts[i].end - parts[first_part.back()].begin > limit)
      first_part.push_back(i);
  // A last piece of a word or two sounds lost; it takes a sentence from the
  // piece before it.
  if (first_part.size() >= 2) {
    const std::size_t last = first_part.back();
    const std::size_t previous = first_part[first_part.size() - 2];
    if (parts.back().end - parts[last].begin < limit / 7 && last - previous >= 2 &&
        parts.back().end - parts[last - 1].begin <= limit)
      first_part.back() = last - 1;
  }

  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < first_part.size(); ++i) {
    const std::size_t after = i + 1 < first_part.size() ? first_part[i + 1] : parts.size();
    const std::size_t begin = parts[first_part[i]].begin;
    pieces.push_back(to_utf8(View(text).substr(begin, parts[after - 1].end - begin)));
  }
  return pieces;
}

std::vector<std::string> split_text(std::string_view text, std::size_t max_characters) {
  std::vector<std::string> pieces = split_pieces(text, max_characters);
  for (std::string& piece : pieces) piece = normalize_punctuation(piece, Punctuation::kEnglish);
  return pieces;
}

}  // namespace chatterbox
