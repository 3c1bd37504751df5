// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <string_view>

namespace chatterbox {

// Text as code points; those from kFirstTag on stand for tags ("[laugh]"), which belong to the
// sentence before them.
using CodePoints = std::u32string_view;
inline constexpr char32_t kFirstTag = 0x110000;
inline bool is_tag(char32_t c) { return c >= kFirstTag; }

// Marks that end a sentence: of scripts that write a space after them, and of those that do not.
bool ends_sentence(char32_t c);
bool ends_wide_sentence(char32_t c);

// Whether the full stop behind `word` is the word's own and ends no sentence: "Dr.", the initial
// "J.", and, before a number, "p.". `next`: what follows, as far as it is known.
bool owns_full_stop(std::string_view word, std::string_view next);

// Text after the last character: none; more, which may tell where a sentence ends; more, for which
// nobody waits.
enum class AfterText { kNothing, kMore, kMoreUnawaited };

struct SentenceEnd {
  bool over = false;       // a sentence ends
  bool paragraph = false;  // and a paragraph with it
  std::size_t end = 0;     // past the marks and what closes quotes, over or not
};

// Whether a sentence ends at the mark at `mark`, and where.
SentenceEnd sentence_end(CodePoints text, std::size_t mark, AfterText after);

}  // namespace chatterbox
