// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "tts_stream.h"

namespace chatterbox::gst {

// The utterance the task is busy with.
struct TtsStream::Speaking {
  Utterance& utterance;
  TtsSettings settings;
  bool live = false;
  bool begun = false;
  bool immediate = false;
  bool first_buffer = true;
  int attempt = 0;
  GstClockTime start = 0;
  GstClockTime end = GST_CLOCK_TIME_NONE;  // where it is clipped
  SpeechPiece gathered;

  // All of it is needed before any of it is pushed, to know how long it is.
  bool gathering() const { return utterance.job->request().front().fitted; }
};

}  // namespace chatterbox::gst
