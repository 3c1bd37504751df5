// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>

#include "vc_core.h"

namespace chatterbox::gst {

// The sink pad of chatterboxvc: resampled speech and events, in order, into the queue; what there
// is no time for is discarded here. Used by the pad's streaming thread.
class VcInput {
 public:
  explicit VcInput(VcCore& core) : core_(core) {}

  // A new run, and what follows a flush, which keeps the format.
  void reset();
  void flush();

  GstFlowReturn chain(OwnedBuffer buffer);
  bool event(OwnedEvent event);
  bool query(GstQuery* query);

 private:
  using Lock = VcCore::Lock;
  using Kind = VcItem::Kind;
  // Belongs to one stream: reset by assignment.
  struct Stream {
    GstSegment segment = empty_segment(GST_FORMAT_UNDEFINED);
    bool in_stretch = false;
    GstClockTime next_timestamp = GST_CLOCK_TIME_NONE;  // where the stretch has got to
  };

  bool configure(GstCaps* caps);
  GstFlowReturn take(OwnedBuffer buffer);
  void end_stretch();
  void mark_discont();
  GstFlowReturn push(VcItem item);
  GstClockTime discard_backlog(GstClockTime& timestamp);
  void report_overload(GstClockTime timestamp, GstClockTime discarded, OverloadPolicy policy);
  bool handle_segment(OwnedEvent event);
  void handle_gap(OwnedEvent event);
  void handle_voice(GstEvent* event, const char* field, bool in_order);

  VcCore& core_;
  SpeechInput input_;
  std::unique_ptr<GstAudioStreamAlign, void (*)(GstAudioStreamAlign*)> align_{
      nullptr, gst_audio_stream_align_free};
  Stream stream_;
};

}  // namespace chatterbox::gst
