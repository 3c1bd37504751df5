// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "progress.h"

#include <utility>

namespace chatterbox::gst {

Progress::Progress(GstElement* element, const char* code, int step)
    : element_(element), code_(code), step_(step) {}

void Progress::begin(const std::string& text) {
  {
    std::lock_guard lock(mutex_);
    if (percent_ >= 0) return;
    percent_ = 0;
  }
  post(GST_PROGRESS_TYPE_START, text, 0);
}

void Progress::advance(int percent, const std::string& text) {
  {
    std::lock_guard lock(mutex_);
    if (percent_ < 0 || percent < percent_ + step_) return;
    percent_ = percent;
  }
  post(GST_PROGRESS_TYPE_CONTINUE, text + ", " + std::to_string(percent) + " %", percent);
}

void Progress::end(GstProgressType type, const std::string& text) {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(percent_, -1) < 0) return;
  }
  post(type, text, type == GST_PROGRESS_TYPE_COMPLETE ? 100 : -1);
}

void Progress::post(GstProgressType type, const std::string& text, int percent) const {
  if (!code_) return;
  GstMessage* message = gst_message_new_progress(GST_OBJECT(element_), type, code_, text.c_str());
  if (percent >= 0)
    gst_structure_set(gst_message_writable_structure(message), "percent", G_TYPE_INT, percent,
                      nullptr);
  gst_element_post_message(element_, message);
}

}  // namespace chatterbox::gst
