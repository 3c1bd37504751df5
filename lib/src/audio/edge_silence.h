// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace chatterbox {

// Takes silence off both ends of an utterance while it is made: a model breathes before it speaks.
// Silence between words stays. The result depends on the samples alone, not on how they arrive.
class EdgeSilence {
 public:
  // With `keep_all` nothing is taken off, and samples are handed on at once.
  explicit EdgeSilence(bool keep_all) : keep_all_(keep_all) {}

  // The next samples (24 kHz); returns those that are known to stay. After the last of the
  // utterance nothing is held back. Silence after speech is held back from its 150th ms on.
  std::vector<float> push(std::span<const float> samples, bool last);

  // Something audible has come.
  bool heard() const { return heard_; }
  // Samples that stayed in front of the first audible ones; known once heard.
  std::int64_t onset() const { return onset_; }
  // Samples taken off the beginning, and off the end; these are known after the last push.
  std::int64_t cut_before() const { return cut_before_; }
  std::int64_t cut_after() const { return cut_after_; }

 private:
  void take_window(std::span<const float> window, std::vector<float>& ready);
  void begin(std::vector<float>& ready);

  bool keep_all_;
  bool heard_ = false;
  std::vector<float> window_;  // not complete yet
  std::vector<float> held_;    // silence that may turn out to be an end
  std::int64_t silent_ = 0;    // samples since something was audible, or since the beginning
  std::int64_t onset_ = 0;
  std::int64_t cut_before_ = 0;
  std::int64_t cut_after_ = 0;
};

}  // namespace chatterbox
