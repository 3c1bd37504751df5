// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/added_tokens.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <utility>

#include "text/unicode_text.h"

namespace chatterbox {

bool is_word_character(std::int32_t c) {
  if (u_hasBinaryProperty(c, UCHAR_ALPHABETIC) || u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL))
    return true;
  constexpr std::uint32_t kMarksDigitsConnectors = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  return (U_MASK(u_charType(c)) & kMarksDigitsConnectors) != 0;
}

void AddedTokens::add(Token token) {
  if (token.content.empty()) return;
  const auto shorter = [&](const Token& other) {
    return other.content.size() < token.content.size();
  };
  tokens_.insert(std::find_if(tokens_.begin(), tokens_.end(), shorter), std::move(token));
}

std::vector<AddedTokens::Token> AddedTokens::all() const {
  std::vector<Token> tokens = tokens_;
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const Token& a, const Token& b) { return a.id < b.id; });
  return tokens;
}

std::int64_t AddedTokens::find(std::string_view content) const {
  for (const Token& token : tokens_)
    if (token.content == content) return token.id;
  return -1;
}

const AddedTokens::Token* AddedTokens::match(std::string_view text, std::size_t at,
                                             bool normalized) const {
  for (const Token& token : tokens_)
    if (token.normalized == normalized && text.substr(at, token.content.size()) == token.content)
      return &token;
  return nullptr;
}

std::vector<AddedTokens::Stretch> AddedTokens::cut(std::string_view text) const {
  std::vector<Stretch> first, stretches;
  cut(text, {0, text.size()}, /*normalized=*/false, first);
  for (const Stretch& stretch : first) {
    if (stretch.id >= 0)
      stretches.push_back(stretch);
    else
      cut(text, stretch, /*normalized=*/true, stretches);
  }
  return stretches;
}

void AddedTokens::cut(std::string_view whole, Stretch part, bool normalized,
                      std::vector<Stretch>& out) const {
  // Nothing outside the part is seen, so that its ends are ends of words.
  const std::string_view text = whole.substr(part.begin, part.end - part.begin);
  std::size_t done = 0;
  const auto word_before = [&](std::size_t at) {
    return at > 0 && is_word_character(previous_character(text, at));
  };
  const auto word_at = [&](std::size_t at) {
    return at < text.size() && is_word_character(next_character(text, at));
  };
  const auto put = [&](std::size_t begin, std::size_t end, std::int64_t id) {
    if (end > begin) out.push_back({part.begin + begin, part.begin + end, id});
  };
  for (std::size_t at = 0; at < text.size();) {
    const Token* token = match(text, at, normalized);
    if (!token) {
      ++at;
      continue;
    }
    std::size_t begin = at, end = at + token->content.size();
    at = end;
    if (token->single_word && (word_before(begin) || word_at(end))) continue;
    if (token->lstrip) {
      for (std::size_t before = begin; begin > done; begin = before)
        if (!is_white_space(previous_character(text, before))) break;
    }
    if (token->rstrip) {
      for (std::size_t next = end; next < text.size(); end = next)
        if (!is_white_space(next_character(text, next))) break;
    }
    begin = std::max(begin, done);
    put(done, begin, -1);
    put(begin, end, token->id);
    done = end;
    at = std::max(at, end);
  }
  put(done, text.size(), -1);
}

}  // namespace chatterbox
