// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "changer.h"
#include "dry_mix.h"
#include "glib_raii.h"
#include "model_loader.h"
#include "speech_input.h"
#include "speech_output.h"
#include "vc_settings.h"

namespace chatterbox::gst {

// What chatterboxvc does. The sink pad resamples speech and queues it with the
// serialized events in order (vc_input.cpp); the task of the source pad converts
// and pushes (vc_output.cpp); state changes, flushes and voices act on both
// (vc_control.cpp, vc_loading.cpp).
//
// Speech goes in stretches: samples that follow each other without a gap. One
// stretch comes out exactly as long as it went in, at the timestamps it had.
//
// Locks, in order of taking: control_mutex_, stream locks of the pads, mutex_.
// Settings have GST_OBJECT_LOCK, taken alone or inside mutex_. None is held
// while pushing, querying, posting or computing, except control_mutex_, whose
// holders wait for the task to leave its function: whoever takes it has first
// made sure that the task wakes up.
class VcStream {
 public:
  VcStream(GstElement* element, GstPad* sink_pad, GstPad* src_pad);
  ~VcStream();
  VcStream(const VcStream&) = delete;
  VcStream& operator=(const VcStream&) = delete;

  // Properties; any thread.
  void set_property(const char* name, const GValue* value);
  void get_property(const char* name, GValue* value) const;

  // State changes. enter_paused() comes from READY, before the pads are activated; false, with
  // an error posted, when nothing can be converted.
  bool enter_paused();
  void set_playing(bool playing);
  void leave_paused();  // to READY, before the pads are deactivated
  void enter_ready();   // after that
  void enter_null();

  // Sink pad. Those taking a reference own it.
  GstFlowReturn chain(OwnedBuffer buffer);
  bool sink_event(OwnedEvent event);
  bool sink_query(GstQuery* query);

  // Source pad.
  bool activate_src(bool active);
  bool src_event(OwnedEvent event);
  bool src_query(GstQuery* query);

 private:
  using Lock = std::unique_lock<std::mutex>;
  enum class Kind {
    kEvent,
    kBegin,   // a stretch begins
    kSpeech,  // more of it
    kLost,    // more of it that is not to be converted
    kEnd,     // it ends
    kVoice,   // another voice from here on
  };
  struct Item {
    Kind kind = Kind::kEvent;
    OwnedEvent event;
    SpeechInput::Samples samples;
    GstClockTime timestamp = GST_CLOCK_TIME_NONE;  // of the stretch
    bool discont = false;
    std::string voice;
  };

  // Input side.
  bool configure_input(GstCaps* caps);
  GstFlowReturn take(OwnedBuffer buffer);
  void end_stretch();
  GstFlowReturn push_item(Item item);
  void discard_backlog(Lock& lock, GstClockTime& discarded, GstClockTime& timestamp);
  void report_overload(GstClockTime timestamp, GstClockTime discarded, OverloadPolicy policy);
  bool handle_segment(OwnedEvent event);
  void handle_gap(OwnedEvent event);
  void handle_voice(GstEvent* event, bool in_order);
  void look_upstream();
  bool wait_until_drained();

  // Output side.
  bool start_task();
  void loop();
  bool next_item(Item& item);
  bool must_stop();
  void end_stream(GstFlowReturn flow);
  GstFlowReturn handle(Item& item);
  GstFlowReturn handle_event(OwnedEvent event);
  GstFlowReturn begin(const Item& item);
  GstFlowReturn convert(Item& item);
  GstFlowReturn skip(Item& item);
  GstFlowReturn finish();
  GstFlowReturn abandon();
  GstFlowReturn wait_for_changer();
  void mark_converting();
  void apply_settings();
  GstFlowReturn emit(std::vector<float> converted);
  GstFlowReturn prepare_output();
  GstFlowReturn negotiate();
  GstFlowReturn push(OwnedBuffer buffer);
  SpeechOutput::Push pusher();
  void watch_lateness(GstClockTime timestamp);

  // Control.
  bool start_load();
  std::optional<std::string> load_done(std::uint64_t serial,
                                       const std::shared_ptr<Changer>& changer);
  void load_failed(std::uint64_t serial, const Failure& failure);
  void cancel_load();
  void post_progress(GstProgressType type, const std::string& text, int percent);
  void request_voice(const std::string& voice);
  void read_voice(Changer& changer, const std::string& voice);
  GstFlowReturn await_voice(const std::string& voice);
  void cancel_work(Lock& lock);
  void reset_input(Lock& lock);
  void flush_start(OwnedEvent event);
  void flush_stop(OwnedEvent event);
  VcSettings settings() const;
  GstStructure* stats() const;

  GstElement* const element_;
  GstPad* const sink_pad_;
  GstPad* const src_pad_;

  VcSettings settings_;  // GST_OBJECT_LOCK

  // Flushes and activation exclude each other.
  std::mutex control_mutex_;
  bool active_ = false;  // the source pad is; the task may be started

  // Everything below, up to the next comment.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  std::uint64_t queued_ = 0;  // samples at 16 kHz that wait
  bool busy_ = false;         // the task works on an item
  bool flushing_ = true;      // between FLUSH_START and FLUSH_STOP, or inactive
  GstFlowReturn flow_ = GST_FLOW_OK;
  bool playing_ = false;
  bool looked_upstream_ = false;
  bool upstream_live_ = false;
  GstClockTime upstream_latency_ = 0;
  std::shared_ptr<Changer> changer_;
  bool converting_ = false;  // inside a call of changer_ that takes time
  std::uint64_t load_serial_ = 0;
  std::shared_ptr<std::atomic<bool>> load_cancelled_;
  ModelKey loaded_key_;
  std::string loaded_options_;
  std::uint64_t voice_serial_ = 0;
  std::optional<std::string> awaited_voice_;  // asked for before there was a changer
  GstSegment out_segment_;
  GstClockTime position_ = GST_CLOCK_TIME_NONE;  // of the output, for queries
  ConversionStats conversion_;
  GstClockTime discarded_ = 0;
  guint64 overloads_ = 0, late_ = 0;

  // The streaming thread of the sink pad's own.
  SpeechInput input_;
  GstSegment in_segment_;
  std::unique_ptr<GstAudioStreamAlign, void (*)(GstAudioStreamAlign*)> align_;
  bool in_stretch_ = false;
  GstClockTime next_timestamp_ = GST_CLOCK_TIME_NONE;  // where the stretch has got to
  guint32 seqnum_in_ = GST_SEQNUM_INVALID;

  // The task's own; others touch it only while the task cannot run.
  std::shared_ptr<Changer> at_work_;  // none yet for live speech that does not wait
  bool given_ = false;                // it was given speech that it has not finished
  SpeechOutput output_;
  DryMix mix_;
  bool need_segment_ = true;
  bool speaking_ = false;      // inside a stretch
  GstClockTime begin_ = 0;     // timestamp of the stretch
  std::uint64_t emitted_ = 0;  // samples of the stretch at 24 kHz
  std::uint64_t origin_ = 0;   // of them, those before the changer's first
  bool bypassed_ = false;
  bool passing_ = false;  // overload lets the speaker's own voice through
  guint chunk_size_ = 0;
  guint32 seqnum_ = GST_SEQNUM_INVALID;
  bool warned_late_ = false;
};

}  // namespace chatterbox::gst
