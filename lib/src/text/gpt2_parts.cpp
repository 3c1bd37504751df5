// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <unicode/uchar.h>

#include "text/byte_bpe_tokenizer.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

enum class Kind { kSpace, kLetter, kNumber, kOther };

// \p{L}, \p{N} and \s.
Kind kind_of(UChar32 c) {
  if (c < 0) return Kind::kOther;
  const std::uint32_t category = U_MASK(u_charType(c));
  if (category & U_GC_L_MASK) return Kind::kLetter;
  if (category & U_GC_N_MASK) return Kind::kNumber;
  return is_white_space(c) ? Kind::kSpace : Kind::kOther;
}

std::size_t contraction_length(std::string_view text) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.starts_with(ending)) return ending.size();
  return 0;
}

// The end of the characters of one kind that begin at `at`.
std::size_t run_end(std::string_view text, std::size_t at, Kind kind) {
  for (std::size_t next = at; next < text.size(); at = next)
    if (kind_of(next_character(text, next)) != kind) return at;
  return at;
}

// End of the part that begins at `begin`.
std::size_t part_end(std::string_view text, std::size_t begin) {
  if (const std::size_t length = contraction_length(text.substr(begin))) return begin + length;
  std::size_t at = text[begin] == ' ' && begin + 1 < text.size() ? begin + 1 : begin;
  std::size_t next = at;
  const Kind kind = kind_of(next_character(text, next));
  if (kind != Kind::kSpace) return run_end(text, at, kind);
  // White space leaves its last character to what comes behind it, if it has two.
  const std::size_t end = run_end(text, begin, Kind::kSpace);
  if (end == text.size()) return end;
  std::size_t last = end;
  previous_character(text, last);
  return last > begin ? last : end;
}

}  // namespace

// The expression: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::vector<TextRange> gpt2_parts(std::string_view text) {
  std::vector<TextRange> parts;
  for (std::size_t begin = 0; begin < text.size(); begin = parts.back().end)
    parts.push_back({begin, part_end(text, begin)});
  return parts;
}

}  // namespace chatterbox
