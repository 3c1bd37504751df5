// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "glib_raii.h"
#include "model_loader.h"
#include "sentence_segmenter.h"
#include "speech_output.h"
#include "speech_worker.h"
#include "tts_settings.h"
#include "utf8_reader.h"

namespace chatterbox::gst {

// Something to be said, and when if upstream told.
struct Utterance {
  std::uint64_t id = 0;
  std::uint64_t epoch = 0;  // of the text it was part of
  std::string text;
  GstClockTime timestamp = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  // Once it was handed to the engine, which may be ahead of its turn.
  std::shared_ptr<SpeechJob> job;
  std::string voice;
};

// What chatterboxtts does. Text and serialized events enter a queue on the sink
// pad (tts_input.cpp); the task of the source pad takes them out in order,
// speaks and pushes (tts_output.cpp, tts_utterance.cpp); state changes, flushes
// and interruptions act on both (tts_control.cpp).
//
// Locks, in order of taking: control_mutex_, stream locks of the pads, mutex_.
// Settings have GST_OBJECT_LOCK, taken alone or inside mutex_. None is held
// while pushing, querying, posting or computing, except control_mutex_, whose
// holders wait for the task to leave its function: whoever takes it has first
// made sure that the task wakes up.
class TtsStream {
 public:
  TtsStream(GstElement* element, GstPad* sink_pad, GstPad* src_pad);
  ~TtsStream();
  TtsStream(const TtsStream&) = delete;
  TtsStream& operator=(const TtsStream&) = delete;

  // Properties; any thread.
  void set_property(const char* name, const GValue* value);
  void get_property(const char* name, GValue* value) const;

  // State changes.
  void enter_paused();  // from READY, before the pads are activated
  void enter_playing();
  void leave_playing();
  void leave_paused();  // to READY, before the pads are deactivated
  void enter_ready();   // after that
  void enter_null();
  bool is_live_source() const;

  // Sink pad. Those taking a reference own it.
  GstFlowReturn chain(OwnedBuffer buffer);
  bool sink_event(OwnedEvent event);
  bool sink_query(GstQuery* query);

  // Source pad.
  bool activate_src(bool active);
  bool src_event(OwnedEvent event);
  bool src_query(GstQuery* query);

  // An event sent to the element, where it is a source of text itself.
  bool is_text_source() const;
  void end_text();

  // Stops speaking and forgets all text that has not been spoken. With `flush`
  // audio on its way downstream is dropped too.
  void interrupt(bool flush);
  // Speaks what has arrived although its sentence is not complete.
  void drain();

 private:
  using Lock = std::unique_lock<std::mutex>;
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Item {
    OwnedEvent event;
    std::optional<Utterance> utterance;
  };
  // The utterance the task is busy with.
  struct Speaking;

  // Input side.
  bool push_utterance(Lock& lock, std::string text, GstClockTime timestamp, GstClockTime duration);
  void add_utterance(std::string text, GstClockTime timestamp, GstClockTime duration);
  bool push_sentences(Lock& lock);
  void take_pending_text();
  void push_tail(Lock& lock);
  void push_cue(Lock& lock, std::string text, GstClockTime timestamp, GstClockTime duration);
  bool push_event(OwnedEvent event);
  bool handle_segment(OwnedEvent event);
  bool handle_custom(GstEvent* event);
  void warn_about_bytes(Lock& lock);
  void look_upstream();
  bool is_timed(GstClockTime timestamp, Timing timing) const;
  bool wait_until_drained();

  // Output side.
  bool start_task();
  void loop();
  enum class Next { kItem, kStop, kFailed };
  Next next_item(Item& item);
  bool complete_late_text(Lock& lock);
  GstFlowReturn handle(OwnedEvent event);
  GstFlowReturn handle_gap(GstEvent* event);
  bool stopping() const { return flushing_ || interrupting_; }
  bool must_stop();
  void end_stream(GstFlowReturn flow);
  GstFlowReturn prepare_output();
  GstFlowReturn negotiate();
  GstFlowReturn push(OwnedBuffer buffer);
  SpeechOutput::Push pusher();
  GstFlowReturn advance_to(GstClockTime position);
  void mark_idle_time();
  GstClockTime running_time() const;
  GstClockTime stream_now(GstClockTime behind = 0) const;

  // One utterance.
  GstFlowReturn speak(Utterance& utterance);
  bool wait_for_worker(GstFlowReturn& flow);
  bool submit(Utterance& utterance, int attempt);
  void submit_ahead();
  GstFlowReturn begin_speech(Speaking& speaking);
  GstClockTime start_time(Speaking& speaking);
  GstFlowReturn write_piece(Speaking& speaking, const SpeechPiece& piece);
  GstFlowReturn end_speech(Speaking& speaking, bool interrupted);
  GstFlowReturn give_up(Speaking& speaking, const Failure& failure);
  void report_late(GstClockTime start, GstClockTime now, GstClockTime duration);
  void post_utterance(const char* name, const Speaking& speaking, bool interrupted);
  void post_words(const Speaking& speaking, const SpeechPiece& piece);

  // Control.
  void start_load();
  void load_progress(std::uint64_t serial, double fraction);
  void load_done(std::uint64_t serial, std::unique_ptr<Speaker> speaker);
  void load_failed(std::uint64_t serial, const Failure& failure);
  void cancel_load();
  void post_progress(GstProgressType type, const std::string& text, int percent);
  void queue_text_property();
  void cancel_speech(Lock& lock);
  void reset_input(Lock& lock);
  void flush_start(OwnedEvent event);
  void flush_stop(OwnedEvent event);
  TtsSettings settings() const;

  GstElement* const element_;
  GstPad* const sink_pad_;
  GstPad* const src_pad_;

  TtsSettings settings_;  // GST_OBJECT_LOCK

  // Flushes, interruptions and activation exclude each other.
  std::mutex control_mutex_;
  bool active_ = false;  // the source pad is; the task may be started

  // Everything below, up to the next comment.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  std::size_t queued_utterances_ = 0;
  bool busy_ = false;          // the task works on an item
  bool flushing_ = true;       // between FLUSH_START and FLUSH_STOP, or inactive
  bool interrupting_ = false;  // the task has to leave its function
  std::uint64_t epoch_ = 0;    // changes when text is dropped
  GstFlowReturn flow_ = GST_FLOW_OK;
  bool playing_ = false;
  bool text_source_ = false;  // `text` is spoken; nothing is linked
  bool received_ = false;     // anything came from upstream
  bool upstream_live_ = false;
  GstClockTime upstream_latency_ = 0;
  bool looked_upstream_ = false;
  bool markup_ = false;  // upstream sends Pango markup
  bool warned_bytes_ = false;
  GstSegment in_segment_;
  Utf8Reader reader_;
  SentenceSegmenter segmenter_;
  bool waiting_for_room_ = false;  // the streaming thread, with text in hand
  bool drain_requested_ = false;   // while it was
  SteadyTime last_text_;
  SteadyTime activated_;
  std::uint64_t next_id_ = 0;
  std::shared_ptr<SpeechWorker> worker_;
  std::shared_ptr<SpeechJob> current_job_;
  std::shared_ptr<SpeakerLoad> load_;
  std::uint64_t load_serial_ = 0;
  int load_percent_ = 0;
  bool load_failed_ = false;
  ModelKey loaded_key_;
  GstClockTime position_ = 0;  // of the output, for queries
  GstSegment out_segment_;

  // The task's own; others touch it only while the task cannot run.
  SpeechOutput output_;
  bool need_segment_ = true;
  guint32 seqnum_ = GST_SEQNUM_INVALID;
  OwnedEvent ended_;  // the EOS that went out
  bool warned_late_ = false;
  bool warned_slow_ = false;
};

}  // namespace chatterbox::gst
