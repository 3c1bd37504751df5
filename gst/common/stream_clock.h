// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <mutex>

#include "glib_raii.h"

namespace chatterbox::gst {

// The segment of a stream, its position, and the pipeline's running time in it. Used by the task of
// the pad, or while that cannot run, except where noted.
class StreamClock {
 public:
  explicit StreamClock(GstElement* element) : element_(element) {}

  void reset();
  void begin(GstEvent* segment);
  void move_to(GstClockTime position);

  const GstSegment& segment() const { return segment_; }
  GstClockTime stream_time(GstClockTime position) const {
    return gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, position);
  }
  GstClockTime running_time(GstClockTime position) const {
    return gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, position);
  }
  // The running time, less `behind`, as a position in the segment; NONE while there is none.
  GstClockTime now(GstClockTime behind = 0) const;

  // Any thread.
  void set_playing(bool playing) { playing_ = playing; }
  bool playing() const { return playing_; }
  bool answer_position(GstQuery* query) const;

 private:
  GstElement* const element_;
  std::atomic<bool> playing_{false};
  mutable std::mutex mutex_;  // of what queries see
  GstSegment segment_ = empty_segment(GST_FORMAT_TIME);
  GstClockTime position_ = 0;
};

}  // namespace chatterbox::gst
