// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <deque>
#include <span>

namespace chatterbox {

// Tells where nobody speaks, token by token (40 ms), by loudness alone.
class SilenceGate {
 public:
  // threshold: root mean square in dB of full scale; -100 lets everything but
  // digital silence through.
  explicit SilenceGate(double threshold_db);

  // More speech, 16 kHz.
  void push(std::span<const float> samples);
  // True when there is speech in tokens [begin, end), which were heard, or was shortly before.
  // Tokens further back are forgotten.
  bool is_open(std::int64_t begin, std::int64_t end);

 private:
  double threshold_;  // mean square
  double sum_ = 0;
  std::int64_t counted_ = 0;
  std::int64_t first_ = 0;
  std::deque<bool> loud_;  // of the tokens from first_ on
};

}  // namespace chatterbox
