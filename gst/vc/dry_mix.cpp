// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "dry_mix.h"

#include <algorithm>

namespace chatterbox::gst {

void DryMix::reset() {
  waiting_.clear();
  position_ = turn_ = 0;
  level_ = target_;
}

void DryMix::fade_to(float level, std::int64_t at) {
  target_ = level;
  turn_ = at;
}

void DryMix::mix(std::span<float> converted) {
  const auto count = std::min(converted.size(), waiting_.size());
  constexpr float kStep = 1.0F / float(kFade);
  for (std::size_t i = 0; i < count; ++i) {
    if (position_ + std::int64_t(i) >= turn_ && level_ != target_)
      level_ =
          level_ < target_ ? std::min(target_, level_ + kStep) : std::max(target_, level_ - kStep);
    if (level_ > 0) converted[i] += level_ * waiting_[i];
  }
  drop(count);
}

void DryMix::drop(std::size_t count) {
  count = std::min(count, waiting_.size());
  waiting_.erase(waiting_.begin(), waiting_.begin() + std::ptrdiff_t(count));
  position_ += std::int64_t(count);
}

}  // namespace chatterbox::gst
