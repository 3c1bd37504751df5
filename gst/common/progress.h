// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <string>

namespace chatterbox::gst {

// PROGRESS messages of one kind of work. Any thread; posts without its lock. Nothing is posted
// that was not begun, and an end comes once.
class Progress {
 public:
  // `code` null: posts nothing at all. `step`: least percent between two messages.
  Progress(GstElement* element, const char* code, int step);

  // Does nothing when it has begun.
  void begin(const std::string& text);
  // Posts "TEXT, N %".
  void advance(int percent, const std::string& text);
  void end(GstProgressType type, const std::string& text);

 private:
  void post(GstProgressType type, const std::string& text, int percent) const;

  GstElement* const element_;
  const char* const code_;
  const int step_;
  std::mutex mutex_;
  int percent_ = -1;  // told last; negative: not begun
};

}  // namespace chatterbox::gst
