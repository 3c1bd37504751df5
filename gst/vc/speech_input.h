// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <vector>

#include "mono_reader.h"

namespace chatterbox::gst {

// Audio of any format to what a conversion works on: mono at the output's rate
// (24 kHz), sample i of which belongs to sample i of the converted speech, and
// from it what the engine hears (16 kHz). Each stretch comes out as long as it
// went in.
class SpeechInput {
 public:
  struct Samples {
    std::vector<float> dry;    // 24 kHz
    std::vector<float> heard;  // 16 kHz
  };
  // Longest look-ahead of resampling, both ways and at any rate.
  static constexpr GstClockTime kDelay = 10 * GST_MSECOND;

  // Throws Error when there is no conversion from `info`.
  void configure(const GstAudioInfo& info);
  const GstAudioInfo& info() const { return to_dry_.info(); }
  // Forgets the stretch and begins another.
  void reset();

  // One buffer, in the format configured. False when it cannot be read.
  bool add(GstBuffer* buffer, Samples& samples);
  // The stretch ends: what resamplers hold back.
  void finish(Samples& samples);

 private:
  void hear(const float* dry, std::size_t count, Samples& samples);

  MonoReader to_dry_;
  OwnedConverter to_heard_;
  std::uint64_t frames_ = 0, dry_ = 0, heard_ = 0;  // of the stretch
};

}  // namespace chatterbox::gst
