// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <memory>
#include <string>

#include "script.h"
#include "speech_thread.h"

namespace chatterbox::gst {

// Something to be said, how, and when if upstream told.
struct Utterance {
  std::uint64_t id = 0;
  std::uint64_t epoch = 0;  // of the text it was part of
  Script script;
  std::string text;  // its words
  GstClockTime timestamp = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  // Speaker and choices when its text came: by the last chatterbox/voice event, and by the buffer's
  // own meta. Parts of the script override them.
  std::string speaker;
  SpeechChoice event_choice, meta_choice;
  std::shared_ptr<GstBuffer> source;  // the text's buffer, for its metas
  // Once it was handed to the engine, which may be ahead of its turn.
  std::shared_ptr<SpeechJob> job;
  std::string voice;
};

}  // namespace chatterbox::gst
