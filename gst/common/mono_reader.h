// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/audio/audio.h>

#include <vector>

#include "glib_raii.h"

namespace chatterbox::gst {

// Reads raw audio of any format, layout and number of channels as mono float samples, without
// touching the buffers. Channels that have positions are mixed as GStreamer does; of others, and
// of more than its mixer takes, each counts alike.
class MonoReader {
 public:
  // Throws Error when there is no such conversion.
  void open(const GstAudioInfo& info, int rate_hz);
  int rate_hz() const { return rate_hz_; }  // 0 before open()
  const GstAudioInfo& info() const { return info_; }
  // Forgets what the resampler holds back.
  void reset();

  // Appends the samples of a buffer. False when it cannot be read.
  bool read(GstBuffer* buffer, std::vector<float>& samples);
  // Appends what the resampler held back, as 20 ms of silence push it out.
  void push_silence(std::vector<float>& samples);

 private:
  void average(const GstAudioBuffer& planes);

  GstAudioInfo info_ = no_format();
  int rate_hz_ = 0;
  OwnedConverter converter_;
  bool averages_ = false;       // channels are mixed here, before the converter
  std::vector<float> mixed_;    // of the buffer being read
  std::vector<double> frames_;  // unpacked
};

// Adds `count` samples, one plane per channel or a single one, to `out`.
void append_converted(GstAudioConverter* converter, gpointer* planes, gsize count,
                      std::vector<float>& out);

}  // namespace chatterbox::gst
