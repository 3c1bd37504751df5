// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/audio/audio.h>

#include <vector>

#include "glib_raii.h"

namespace chatterbox::gst {

// Reads any raw audio as mono float samples, its channels averaged, without
// touching the buffers.
class MonoTap {
 public:
  // Rates above this are brought down to it.
  static constexpr int kMaxRateHz = 48000;

  // `rate_hz`: what the samples shall have; 0 for the rate of the audio itself,
  // kMaxRateHz at most. Throws Error when there is no such conversion.
  void open(const GstAudioInfo& info, int rate_hz = 0);
  int rate_hz() const { return rate_hz_; }
  // Samples of one buffer; none if it cannot be read.
  std::vector<float> read(GstBuffer* buffer);

 private:
  GstAudioInfo info_ = {};
  int rate_hz_ = 0;
  OwnedConverter converter_;
};

}  // namespace chatterbox::gst
