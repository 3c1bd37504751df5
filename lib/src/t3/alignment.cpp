// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/alignment.h"

#include <algorithm>

namespace chatterbox {

AlignmentTracker::AlignmentTracker(const AlignmentConfig& config, int text_length)
    : config_(config), length_(std::max(text_length, 1)) {}

AlignmentTracker::Window AlignmentTracker::window() const {
  // Going back does not buy time: the furthest position counts.
  const bool move_on = config_.max_stay > 0 && stay_ >= config_.max_stay;
  const int begin = move_on ? furthest_ + 1 : peak_ - config_.back;
  const int end = (move_on ? furthest_ : peak_) + config_.ahead + 1;
  return {std::clamp(begin, 0, length_ - 1), std::clamp(end, 1, length_)};
}

void AlignmentTracker::advance(int peak) {
  peak_ = peak;
  if (peak > furthest_) {
    furthest_ = peak;
    stay_ = 1;
  } else {
    ++stay_;
  }
}

}  // namespace chatterbox
