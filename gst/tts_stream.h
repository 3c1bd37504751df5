// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "glib_raii.h"
#include "model_loader.h"
#include "script.h"
#include "sentence_segmenter.h"
#include "speech_output.h"
#include "speech_worker.h"
#include "tts_settings.h"
#include "utf8_reader.h"

namespace chatterbox::gst {

// Something to be said, how, and when if upstream told.
struct Utterance {
  std::uint64_t id = 0;
  std::uint64_t epoch = 0;  // of the text it was part of
  Script script;
  std::string text;  // its words
  GstClockTime timestamp = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  // What was in force when its text came: of the last chatterbox/voice event and
  // of the buffer's own meta. Parts of the script may know better.
  std::string speaker;
  SpeechChoice event_choice, meta_choice;
  std::shared_ptr<GstBuffer> source;  // the text's buffer, for its metas
  // Once it was handed to the engine, which may be ahead of its turn.
  std::shared_ptr<SpeechJob> job;
  std::string voice;
};

// What chatterboxtts does. Text and serialized events enter a queue on the sink
// pad (tts_input.cpp, tts_events.cpp); the task of the source pad takes them out
// in order, speaks and pushes (tts_task.cpp, tts_output.cpp, tts_utterance.cpp,
// tts_request.cpp, tts_reports.cpp); state changes, flushes and interruptions act
// on both (tts_control.cpp); src_pad events and queries are in tts_queries.cpp.
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

  // State changes. enter_paused() comes from READY, before the pads are activated; false, with
  // an error posted, when nothing can be spoken. An error alone would not do: gst-launch-1.0 quits
  // a main loop that does not run yet.
  bool enter_paused();
  void enter_playing();
  void leave_playing();
  void leave_paused();  // to READY, before the pads are deactivated
  void enter_ready();   // after that
  void enter_null();
  bool is_live_source() const;

  // Sink pad. Those taking a reference own it.
  // `whole`: the buffer is one utterance, as the buffers of a list are together.
  GstFlowReturn chain(OwnedBuffer buffer, bool whole);
  bool sink_event(OwnedEvent event);
  bool sink_query(GstQuery* query);

  // Source pad.
  bool activate_src(bool active);
  bool src_event(OwnedEvent event);
  bool src_query(GstQuery* query);

  // An event sent to the element, where it is a source of text itself.
  bool is_text_source() const;
  void end_text();

  // A chatterbox/... event from the application, in no order with the text. False
  // when it is unknown.
  bool command(GstEvent* event);

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
  bool push_utterance(Lock& lock, Script script, GstClockTime timestamp, GstClockTime duration);
  void add_utterance(Script script, GstClockTime timestamp, GstClockTime duration);
  bool push_sentences(Lock& lock);
  bool push_documents(Lock& lock, bool all);
  Script read_document(const std::string& document);
  void take_pending_text();
  void push_tail(Lock& lock);
  void push_text(Lock& lock, const std::string& text, GstClockTime timestamp);
  void push_cue(Lock& lock, const std::string& text, GstClockTime timestamp, GstClockTime duration);
  Script cue_script(const std::string& text);
  bool push_event(OwnedEvent event);
  void take_caps(GstEvent* event);
  OwnedEvent take_tags(OwnedEvent event);
  bool handle_segment(OwnedEvent event);
  bool handle_custom(GstEvent* event, bool in_order);
  void set_speaker_voice(const GstStructure* fields);
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
  bool nothing_will_come() const;
  void report_nothing_to_say() const;
  GstFlowReturn handle(OwnedEvent event);
  GstFlowReturn handle_gap(GstEvent* event);
  bool stopping() const { return flushing_ || interrupting_; }
  bool must_stop();
  void end_stream(GstFlowReturn flow);
  GstFlowReturn prepare_output();
  GstFlowReturn negotiate();
  void push_language();
  GstFlowReturn push(OwnedBuffer buffer);
  SpeechOutput::Push pusher(Speaking* speaking = nullptr);
  GstFlowReturn advance_to(GstClockTime position);
  void mark_idle_time();
  GstClockTime running_time() const;
  GstClockTime stream_now(GstClockTime behind = 0) const;

  // One utterance.
  GstFlowReturn speak(Utterance& utterance);
  GstFlowReturn speak_pieces(Speaking& speaking);
  GstFlowReturn take_piece(Speaking& speaking, SpeechPiece piece);
  bool try_again(Speaking& speaking, const Failure& failure);
  bool wait_for_worker(GstFlowReturn& flow);
  SpeechJob::Request request_for(const Utterance& utterance, const TtsSettings& settings,
                                 int attempt);
  SpeechChoice choice_for(const Utterance& utterance, const ScriptPart& part,
                          const TtsSettings& settings);
  bool has_controls() const;
  void sync_controls(GstClockTime timestamp);
  bool submit(Utterance& utterance, int attempt);
  void submit_ahead();
  GstFlowReturn begin_speech(Speaking& speaking, const SpeechPiece& first);
  GstClockTime start_time(Speaking& speaking);
  GstFlowReturn write_piece(Speaking& speaking, const SpeechPiece& piece);
  GstFlowReturn write_gathered(Speaking& speaking);
  GstFlowReturn end_speech(Speaking& speaking, bool interrupted);
  GstFlowReturn give_up(Speaking& speaking, const Failure& failure);
  void report_late(GstClockTime start, GstClockTime now, GstClockTime duration);
  void post_utterance(const char* name, const Speaking& speaking, bool interrupted);
  void prepare(Speaking& speaking, GstBuffer* buffer, std::span<const SpokenWord> words);

  // Control.
  bool start_load();
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
  enum class TextFormat { kPlain, kPango, kSsml };
  TextFormat format_ = TextFormat::kPlain;
  bool warned_bytes_ = false;
  bool warned_ssml_ = false;
  GstSegment in_segment_;
  Utf8Reader reader_;
  SentenceSegmenter segmenter_;
  std::string document_;  // SSML up to where it was read
  // What holds for the text being read.
  GstClockTime text_time_ = GST_CLOCK_TIME_NONE;    // of the sentence not complete yet
  GstClockTime buffer_time_ = GST_CLOCK_TIME_NONE;  // of the buffer read last
  std::string speaker_, meta_speaker_;
  SpeechChoice event_choice_, meta_choice_;
  std::map<std::string, std::string> speaker_voices_;  // by speaker_key()
  std::shared_ptr<GstBuffer> source_;
  std::string upstream_language_;
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

  // The task's own; others touch it only while the task cannot run, with mutex_
  // held so that either sees what the other did.
  SpeechOutput output_;
  bool need_segment_ = true;
  guint32 seqnum_ = GST_SEQNUM_INVALID;
  OwnedEvent ended_;     // the EOS that went out
  bool tagged_ = false;  // downstream knows the language
  bool warned_late_ = false;

  bool warned_slow_ = false;  // mutex_
};

}  // namespace chatterbox::gst
