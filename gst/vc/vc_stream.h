// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "vc_conversion.h"
#include "vc_core.h"
#include "vc_input.h"

namespace chatterbox::gst {

// The element chatterboxvc: its properties, state changes, flushes, queries.
class VcStream {
 public:
  VcStream(GstElement* element, GstPad* sink_pad, GstPad* src_pad);
  VcStream(const VcStream&) = delete;
  VcStream& operator=(const VcStream&) = delete;

  // Properties; any thread.
  void set_property(const char* name, const GValue* value);
  void get_property(const char* name, GValue* value);

  // From READY, before the pads are activated; false, with an error posted, when it cannot work.
  bool enter_paused();
  void set_playing(bool playing) { core_.clock.set_playing(playing); }
  void leave_paused() { core_.end_run(); }  // to READY, before the pads are deactivated
  void enter_null();

  VcInput& sink() { return input_; }
  bool sink_event(OwnedEvent event);
  bool must_stop() { return core_.queue.must_stop(); }

  // Source pad.
  bool activate_src(bool active) { return core_.task.activate(active); }
  bool src_event(OwnedEvent event);
  bool src_query(GstQuery* query);

 private:
  using Lock = VcCore::Lock;
  bool start_load();
  GstStructure* stats();

  VcCore core_;
  VcInput input_;
  VcConversion conversion_;
};

}  // namespace chatterbox::gst
