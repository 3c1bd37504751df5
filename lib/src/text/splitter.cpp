// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/splitter.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "text/normalizer.h"
#include "text/sentence_rule.h"
#include "text/tags.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

using Characters = std::u32string;
using View = CodePoints;

// Each tag becomes one character: it stays whole, and counts as one.

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

std::string with_tags(View characters) {
  std::string utf8;
  for (const char32_t c : characters)
    if (is_tag(c))
      utf8 += kTags[c - kFirstTag];
    else
      utf8 += to_utf8(View(&c, 1));
  return utf8;
}

bool contains(View set, char32_t c) { return set.find(c) != View::npos; }
// Marks of scripts that write no space after a clause, and those of the others.
bool ends_wide_clause(char32_t c) { return contains(U"，、；：､", c); }
bool ends_clause(char32_t c) { return contains(U",;:.!?)]—–-\"”·\u0387،؛", c) || ends_sentence(c); }

// Where what is no tag and no space begins.
std::size_t skip_tags(View text, std::size_t position) {
  while (position < text.size() && (text[position] == U' ' || is_tag(text[position]))) ++position;
  return position;
}

// End of the sentence that starts at `begin`, past its closing quotes.
std::size_t end_of_sentence(View text, std::size_t begin) {
  for (std::size_t i = begin; i < text.size();) {
    if (!ends_sentence(text[i]) && !ends_wide_sentence(text[i])) {
      ++i;
      continue;
    }
    const SentenceEnd end = sentence_end(text, i, AfterText::kNothing);
    if (end.over) return end.end;
    i = end.end;
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
    const std::size_t end = end_of_sentence(text, begin);
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
    pieces.push_back(with_tags(View(text).substr(begin, parts[after - 1].end - begin)));
  }
  return pieces;
}

std::vector<std::string> split_text(std::string_view text, std::size_t max_characters) {
  std::vector<std::string> pieces = split_pieces(text, max_characters);
  for (std::string& piece : pieces) piece = normalize_punctuation(piece, Punctuation::kEnglish);
  return pieces;
}

}  // namespace chatterbox
