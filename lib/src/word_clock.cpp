// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "word_clock.h"

#include <utility>

namespace chatterbox {

WordClock::WordClock(std::vector<TextTokens::Word> words, std::int64_t start)
    : words_(std::move(words)), position_(start) {}

void WordClock::advance(int text_position) {
  const std::int64_t begin = position_;
  position_ += kSamplesPerToken;
  if (text_position < 0) return;
  // A word that the head stepped over begins where the one after it does.
  while (times_.size() < words_.size() && words_[times_.size()].first <= text_position)
    times_.push_back({words_[times_.size()].text, begin, begin});
  if (!times_.empty() && text_position <= words_[times_.size() - 1].last)
    times_.back().end = position_;
}

std::vector<WordTime> WordClock::take_until(std::int64_t end) {
  const std::size_t first = taken_;
  while (taken_ < times_.size() && times_[taken_].start < end) ++taken_;
  return {times_.begin() + std::ptrdiff_t(first), times_.begin() + std::ptrdiff_t(taken_)};
}

}  // namespace chatterbox
