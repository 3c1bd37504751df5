// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "config.h"

namespace chatterbox {

// Position of the alignment head in the text while speech is made. The head was trained to look at
// the phone being spoken: a window around its last peak keeps the model from skipping and
// repeating, and the path of its peak gives the time of every phone. Positions count text ids
// without start and stop. docs/design/alignment.md has the rules.
class AlignmentTracker {
 public:
  AlignmentTracker(const AlignmentConfig& config, int text_length);

  const AlignmentConfig& config() const { return config_; }

  // Window of the coming step: positions [begin, end), never empty.
  struct Window {
    int begin, end;
  };
  Window window() const;

  // Records the head's peak, a position of window().
  void advance(int peak);

  // Last peak of the head.
  int peak() const { return peak_; }
  // True once the text has been spoken but for its last symbol, which is a pause.
  bool may_end() const { return peak_ >= length_ - 2; }
  // True once the last position has had its time.
  bool must_end() const { return is_stuck() && furthest_ == length_ - 1; }

 private:
  bool is_stuck() const { return config_.max_stay > 0 && stay_ > config_.max_stay; }

  AlignmentConfig config_;
  int length_;
  int peak_ = 0;
  int furthest_ = 0;
  int stay_ = 0;  // steps since `furthest_` moved
};

}  // namespace chatterbox
