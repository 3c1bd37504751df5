// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/sentences.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "chatterbox/plain_text.h"
#include "text/sentence_rule.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

constexpr std::size_t kNone = std::string::npos;

bool is_space(char32_t c) { return is_white_space(UChar32(c)); }

std::size_t bytes_of(CodePoints text) {
  std::size_t bytes = 0;
  for (const char32_t c : text) bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  return bytes;
}

struct Cut {
  std::size_t end = kNone;
  bool paragraph = false;
};

// Where the paragraph, or when eager the line, ends whose line break is at `at`.
Cut line_end(CodePoints text, std::size_t at, bool eager) {
  if (eager) return {at + 1, true};
  int lines = 0;
  std::size_t next = at;
  for (; next < text.size() && is_space(text[next]); ++next) lines += text[next] == U'\n';
  return next < text.size() && lines >= 2 ? Cut{at, true} : Cut{};
}

// Where the clause ends whose mark is at `at`, when something follows it.
Cut clause_end(CodePoints text, std::size_t at) {
  if (CodePoints(U",;:—").find(text[at]) == kNone) return {};
  return at + 1 < text.size() && is_space(text[at + 1]) ? Cut{at + 1} : Cut{};
}

// Where to cut text that has no end: after a clause, else between words.
std::size_t forced_cut(CodePoints text, std::size_t longest) {
  std::size_t clause = 0, word = 0;
  for (std::size_t at = longest / 2; at < longest; ++at) {
    if (clause_end(text, at).end != kNone) clause = at + 1;
    if (is_space(text[at])) word = at + 1;
  }
  return clause > 0 ? clause : word > 0 ? word : longest;
}

}  // namespace

void SentenceSegmenter::feed(std::string_view text) {
  text_.erase(0, begin_);
  begin_ = 0;
  for (std::size_t at = 0; at < text.size();) {
    const UChar32 c = next_character(text, at);
    text_ += c < 0 ? U'\ufffd' : char32_t(c);
  }
}

std::optional<std::string> SentenceSegmenter::next() {
  const AfterText after = eager_ ? AfterText::kMoreUnawaited : AfterText::kMore;
  for (std::size_t at = 0; at < pending().size();) {
    const CodePoints text = pending();
    Cut cut;
    if (at >= max_characters_) {
      cut = {forced_cut(text, at), true};
    } else if (ends_sentence(text[at]) || ends_wide_sentence(text[at])) {
      const SentenceEnd end = sentence_end(text, at, after);
      if (end.over) cut = {end.end, end.paragraph};
      at = std::min(end.end, max_characters_);
    } else {
      if (text[at] == U'\n')
        cut = line_end(text, at, eager_);
      else if (eager_ && first_min_characters_ > 0 && at >= first_min_characters_)
        cut = clause_end(text, at);
      ++at;
    }
    const bool long_enough = eager_ || cut.paragraph ||
                             (cut.end != kNone && bytes_of(text.substr(0, cut.end)) >= kMinBytes);
    if (cut.end == kNone || !long_enough) continue;
    if (auto sentence = take(cut.end)) return sentence;
    at = 0;
  }
  return std::nullopt;
}

std::optional<std::string> SentenceSegmenter::take(std::size_t end) {
  const std::string written = to_utf8(pending().substr(0, end));
  std::string sentence = normalize_spaces(plain_ ? plain_text(written) : written);
  begin_ += end;
  begin_ = std::min(text_.find_first_not_of(U" \t\n", begin_), text_.size());
  if (!is_speakable(sentence)) return std::nullopt;
  return sentence;
}

std::optional<std::string> SentenceSegmenter::flush() { return take(pending().size()); }

bool SentenceSegmenter::has_pending() const {
  const CodePoints text = pending();
  return std::any_of(text.begin(), text.end(), [](char32_t c) { return u_isalnum(UChar32(c)); });
}

void SentenceSegmenter::reset() {
  text_.clear();
  begin_ = 0;
}

std::string normalize_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const UChar32 c = next_character(text, at);
    if (c < 0 || !is_white_space(c))
      out.append(text, begin, at - begin);
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool is_speakable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();)
    if (const UChar32 c = next_character(text, at); c >= 0 && u_isalnum(c)) return true;
  return false;
}

}  // namespace chatterbox
