// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "narrator.h"
#include "text_sink.h"
#include "tts_core.h"

namespace chatterbox::gst {

// The element chatterboxtts: its properties, state changes, flushes, queries.
class TtsStream {
 public:
  TtsStream(GstElement* element, GstPad* sink_pad, GstPad* src_pad);
  TtsStream(const TtsStream&) = delete;
  TtsStream& operator=(const TtsStream&) = delete;

  // Properties; any thread.
  void set_property(const char* name, const GValue* value);
  void get_property(const char* name, GValue* value) const { core_.settings.show(name, value); }

  // From READY, before the pads are activated; false, with an error posted, when nothing can be
  // spoken. An error alone would not stop gst-launch-1.0, whose main loop does not run yet.
  bool enter_paused();
  void set_playing(bool playing) {
    core_.clock.set_playing(playing);
    core_.queue.wake_up();
  }
  void leave_paused() { core_.end_run(); }  // to READY, before the pads are deactivated
  void enter_null() { core_.lease.drop(); }
  bool is_live_source() const { return core_.settings.get(&TtsSettings::timing).force_live; }

  TextSink& sink() { return sink_; }
  bool sink_event(OwnedEvent event);
  bool must_stop() { return core_.queue.must_stop(); }

  // Source pad.
  bool activate_src(bool active) { return core_.task.activate(active); }
  bool src_event(OwnedEvent event);
  bool src_query(GstQuery* query);

  // EOS sent to the element, where it is a source of text itself: false when it is not.
  bool end_text();
  // Stops speaking and forgets unspoken text; with `flush` drops audio on its way downstream too.
  void interrupt(bool flush);

 private:
  using Lock = TtsCore::Lock;
  bool start_load();
  void flag_source(bool is_source);
  bool can_seek();

  TtsCore core_;
  TextSink sink_;
  Narrator narrator_;
  std::atomic<bool> warned_slow_{false};
};

}  // namespace chatterbox::gst
