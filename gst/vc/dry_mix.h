// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

namespace chatterbox::gst {

// The speaker's own (dry) voice, delayed as the conversion delays it, and its level beside the
// converted one. Samples are counted from the start of the stretch.
class DryMix {
 public:
  // Samples over which it comes and goes, 20 ms.
  static constexpr std::int64_t kFade = 480;

  // A new stretch.
  void reset();
  void add(std::span<const float> dry) { waiting_.insert(waiting_.end(), dry.begin(), dry.end()); }
  // Samples added and not taken.
  std::size_t waiting() const { return waiting_.size(); }

  // The level moves to 0 or 1, from sample `at` on.
  void fade_to(float level, std::int64_t at);

  // Adds the next samples to `converted`.
  void mix(std::span<float> converted);
  void drop(std::size_t count);

 private:
  std::deque<float> waiting_;
  std::int64_t position_ = 0;
  float level_ = 0, target_ = 0;
  std::int64_t turn_ = 0;  // where the move to target_ begins
};

}  // namespace chatterbox::gst
