// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <vector>

#include "chatterbox/engine.h"
#include "text/tokenizer.h"

namespace chatterbox {

// When the words of one piece of text are spoken, from where the alignment head
// looks at each speech token. A word begins with the first speech token that
// looks at it and ends with the last.
class WordClock {
 public:
  // `start`: where the piece begins in the utterance, samples.
  WordClock(std::vector<TextTokens::Word> words, std::int64_t start);

  // The next speech token looks at text token `text_position`; -1: unknown.
  void advance(int text_position);

  // Words that begin before `end` (samples in the utterance) and were not taken
  // yet.
  std::vector<WordTime> take_until(std::int64_t end);

 private:
  std::vector<TextTokens::Word> words_;
  std::vector<WordTime> times_;  // of words_[0, times_.size())
  std::int64_t position_;        // samples spoken
  std::size_t taken_ = 0;
};

}  // namespace chatterbox
