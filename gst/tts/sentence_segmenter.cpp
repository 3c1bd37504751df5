// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "sentence_segmenter.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "chatterbox/plain_text.h"

namespace chatterbox::gst {

namespace {

constexpr std::size_t kNone = std::string::npos;

// One character of valid UTF-8 and where the next begins.
struct Character {
  gunichar value = 0;
  std::size_t next = 0;
};

Character character(std::string_view text, std::size_t at) {
  return {g_utf8_get_char(&text[at]), at + g_utf8_skip[static_cast<unsigned char>(text[at])]};
}

bool is_terminator(gunichar c) { return c == '.' || c == '!' || c == '?' || c == 0x2026; }

// Full stops of scripts that put no space after them.
bool is_wide_terminator(gunichar c) {
  return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF61 || c == 0x0964;
}

bool is_closer(gunichar c) {
  return c == '"' || c == '\'' || c == ')' || c == ']' || c == '}' || c == 0x201D || c == 0x2019 ||
         c == 0xBB || c == 0x300D || c == 0x300F || c == 0xFF09;
}

bool is_space(gunichar c) { return c == ' ' || c == '\t' || c == '\n' || g_unichar_isspace(c); }

// "Dr." and the like, initials and "e.g.": their full stop ends no sentence.
bool ends_in_abbreviation(std::string_view before_stop) {
  static constexpr std::array<std::string_view, 24> kAbbreviations = {
      "mr", "mrs", "ms",  "dr",  "prof", "st",  "rev", "hon",  "gen",    "col", "sgt", "capt",
      "lt", "vs",  "e.g", "i.e", "fig",  "vol", "cf",  "dept", "approx", "sen", "gov", "mt"};
  const std::size_t space = before_stop.find_last_of(" \t\n(\"'");
  const std::string_view word = space == kNone ? before_stop : before_stop.substr(space + 1);
  if (word.size() == 1) return g_ascii_isupper(word[0]) && word[0] != 'I';
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), g_ascii_tolower);
  return std::find(kAbbreviations.begin(), kAbbreviations.end(), lower) != kAbbreviations.end();
}

struct Cut {
  std::size_t end = kNone;
  bool paragraph = false;
};

// Where a sentence that is over at the mark at `mark` ends, if it does.
Cut sentence_end(std::string_view text, std::size_t mark, bool eager) {
  const Character first = character(text, mark);
  bool wide = is_wide_terminator(first.value);
  bool stop_only = first.value == '.';
  std::size_t at = first.next;
  while (at < text.size()) {
    const Character c = character(text, at);
    if (is_terminator(c.value) || is_wide_terminator(c.value))
      stop_only = false;
    else if (!is_closer(c.value))
      break;
    wide = wide || is_wide_terminator(c.value);
    at = c.next;
  }
  if (at == text.size()) {
    if (!eager) return {};
    const bool digit_before = mark > 0 && g_ascii_isdigit(text[mark - 1]);
    if (stop_only && (digit_before || ends_in_abbreviation(text.substr(0, mark)))) return {};
    return {at};
  }
  if (wide) return {at};
  if (!is_space(character(text, at).value)) return {};
  if (stop_only && ends_in_abbreviation(text.substr(0, mark))) return {};
  const std::size_t end = at;
  int lines = 0;
  for (; at < text.size(); at = character(text, at).next) {
    const gunichar c = character(text, at).value;
    if (!is_space(c)) break;
    lines += c == '\n';
  }
  if (at == text.size()) return eager ? Cut{end} : Cut{};
  // "etc. and so on": a small letter goes on with the sentence.
  if (stop_only && lines < 2 && g_unichar_islower(character(text, at).value)) return {};
  return {end, lines >= 2};
}

// Where the paragraph, or when eager the line, ends whose line break is at `at`.
Cut line_end(std::string_view text, std::size_t at, bool eager) {
  if (eager) return {at + 1, true};
  int lines = 0;
  std::size_t next = at;
  for (; next < text.size() && is_space(character(text, next).value);
       next = character(text, next).next)
    lines += text[next] == '\n';
  return next < text.size() && lines >= 2 ? Cut{at, true} : Cut{};
}

// Where the clause ends whose mark is at `at`, when something follows it.
Cut clause_end(std::string_view text, std::size_t at) {
  const Character c = character(text, at);
  const bool is_mark = c.value == ',' || c.value == ';' || c.value == ':' || c.value == 0x2014;
  if (!is_mark || c.next == text.size() || !is_space(character(text, c.next).value)) return {};
  return {c.next};
}

// Where to cut text that has no end: after a clause, else between words.
std::size_t forced_cut(std::string_view text, std::size_t longest) {
  const std::string_view head = text.substr(0, longest);
  for (const std::string_view marks : {",;:", " \t\n"}) {
    std::size_t at = head.find_last_of(marks);
    while (at != kNone && at > 0 && at + 1 < text.size() && marks[0] == ',' &&
           !g_ascii_isspace(text[at + 1]))
      at = head.find_last_of(marks, at - 1);
    if (at != kNone && at >= longest / 2) return at + 1;
  }
  std::size_t at = head.size();
  while (at > 1 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

void SentenceSegmenter::feed(std::string_view text) {
  text_.erase(0, begin_);
  begin_ = 0;
  text_ += text;
}

std::optional<std::string> SentenceSegmenter::next() {
  std::size_t at = 0, count = 0;
  while (at < pending().size()) {
    const std::string_view text = pending();
    Cut cut;
    if (count >= max_characters_) {
      cut = {forced_cut(text, at), true};
    } else {
      const Character c = character(text, at);
      if (is_terminator(c.value) || is_wide_terminator(c.value))
        cut = sentence_end(text, at, eager_);
      else if (c.value == '\n')
        cut = line_end(text, at, eager_);
      else if (eager_ && first_min_characters_ > 0 && count >= first_min_characters_)
        cut = clause_end(text, at);
      at = c.next;
      ++count;
    }
    const bool long_enough = eager_ || cut.paragraph || cut.end >= kMinBytes;
    if (cut.end == kNone || !long_enough) continue;
    if (auto sentence = take(cut.end)) return sentence;
    at = count = 0;
  }
  return std::nullopt;
}

std::optional<std::string> SentenceSegmenter::take(std::size_t end) {
  const std::string_view written = pending().substr(0, end);
  std::string sentence = normalize_spaces(plain_ ? chatterbox::plain_text(written) : written);
  begin_ += end;
  begin_ = std::min(text_.find_first_not_of(" \t\n", begin_), text_.size());
  if (!is_speakable(sentence)) return std::nullopt;
  return sentence;
}

std::optional<std::string> SentenceSegmenter::flush() { return take(pending().size()); }

bool SentenceSegmenter::has_pending() const { return is_speakable(pending()); }

void SentenceSegmenter::reset() {
  text_.clear();
  begin_ = 0;
}

std::string normalize_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character(text, at);
    if (!is_space(c.value))
      out.append(text, at, c.next - at);
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
    at = c.next;
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool is_speakable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character(text, at);
    if (g_unichar_isalnum(c.value)) return true;
    at = c.next;
  }
  return false;
}

}  // namespace chatterbox::gst
