// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "stream_clock.h"

namespace chatterbox::gst {

void StreamClock::reset() {
  std::lock_guard lock(mutex_);
  segment_ = empty_segment(GST_FORMAT_TIME);
  position_ = 0;
}

void StreamClock::begin(GstEvent* segment) {
  std::lock_guard lock(mutex_);
  gst_event_copy_segment(segment, &segment_);
  position_ = segment_.start;
}

void StreamClock::move_to(GstClockTime position) {
  std::lock_guard lock(mutex_);
  position_ = position;
}

GstClockTime StreamClock::now(GstClockTime behind) const {
  const GstClockTime now =
      playing_ ? gst_element_get_current_running_time(element_) : GST_CLOCK_TIME_NONE;
  if (!GST_CLOCK_TIME_IS_VALID(now)) return GST_CLOCK_TIME_NONE;
  return gst_segment_position_from_running_time(&segment_, GST_FORMAT_TIME,
                                                now > behind ? now - behind : 0);
}

bool StreamClock::answer_position(GstQuery* query) const {
  GstFormat format;
  gst_query_parse_position(query, &format, nullptr);
  if (format != GST_FORMAT_TIME) return false;
  std::lock_guard lock(mutex_);
  gst_query_set_position(query, format, gint64(stream_time(position_)));
  return true;
}

}  // namespace chatterbox::gst
