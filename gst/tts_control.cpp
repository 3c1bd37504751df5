// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// State changes, flushes and interruptions of chatterboxtts.
#include <utility>

#include "common.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

TtsStream::TtsStream(GstElement* element, GstPad* sink_pad, GstPad* src_pad)
    : element_(element), sink_pad_(sink_pad), src_pad_(src_pad) {
  gst_segment_init(&in_segment_, GST_FORMAT_UNDEFINED);
  gst_segment_init(&out_segment_, GST_FORMAT_TIME);
}

TtsStream::~TtsStream() = default;

void TtsStream::set_property(const char* name, const GValue* value) {
  bool latency_changed = false;
  {
    ObjectLock lock(element_);
    const guint latency = settings_.latency_ms;
    const bool live = settings_.force_live;
    set_tts_property(settings_, name, value);
    latency_changed = latency != settings_.latency_ms || live != settings_.force_live;
  }
  if (latency_changed)
    gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

void TtsStream::get_property(const char* name, GValue* value) const {
  ObjectLock lock(element_);
  get_tts_property(settings_, name, value);
}

TtsSettings TtsStream::settings() const {
  ObjectLock lock(element_);
  return settings_;
}

bool TtsStream::is_live_source() const { return settings().force_live; }

bool TtsStream::enter_paused() {
  const bool has_text = !settings().text.empty();
  {
    Lock lock(mutex_);
    reset_input(lock);
    gst_segment_init(&in_segment_, GST_FORMAT_UNDEFINED);
    gst_segment_init(&out_segment_, GST_FORMAT_TIME);
    flushing_ = false;
    interrupting_ = false;
    flow_ = GST_FLOW_OK;
    queue_.clear();
    queued_utterances_ = 0;
    busy_ = false;
    received_ = false;
    looked_upstream_ = false;
    upstream_live_ = false;
    upstream_latency_ = 0;
    format_ = TextFormat::kPlain;
    warned_bytes_ = false;
    warned_ssml_ = false;
    warned_slow_ = false;
    speaker_.clear();
    event_choice_ = {};
    speaker_voices_.clear();
    upstream_language_.clear();
    position_ = 0;
    activated_ = std::chrono::steady_clock::now();
    text_source_ = has_text && !gst_pad_is_linked(sink_pad_);
    output_ = SpeechOutput();
    need_segment_ = true;
    seqnum_ = GST_SEQNUM_INVALID;
    ended_ = nullptr;
    tagged_ = false;
    warned_late_ = false;
  }
  if (is_text_source()) {
    GST_OBJECT_FLAG_SET(element_, GST_ELEMENT_FLAG_SOURCE);
    queue_text_property();
  } else {
    GST_OBJECT_FLAG_UNSET(element_, GST_ELEMENT_FLAG_SOURCE);
    if (nothing_will_come()) {
      report_nothing_to_say();
      return false;
    }
  }
  return start_load();
}

void TtsStream::enter_playing() {
  Lock lock(mutex_);
  playing_ = true;
  changed_.notify_all();
}

void TtsStream::leave_playing() {
  Lock lock(mutex_);
  playing_ = false;
  changed_.notify_all();
}

void TtsStream::leave_paused() {
  cancel_load();
  Lock lock(mutex_);
  flushing_ = true;
  cancel_speech(lock);
}

void TtsStream::enter_ready() {
  Lock lock(mutex_);
  queue_.clear();
  queued_utterances_ = 0;
  reset_input(lock);
  ended_ = nullptr;
}

void TtsStream::enter_null() {
  std::shared_ptr<SpeechWorker> worker;
  Lock lock(mutex_);
  worker = std::exchange(worker_, nullptr);
  lock.unlock();
}

bool TtsStream::is_text_source() const {
  Lock lock(mutex_);
  return text_source_;
}

void TtsStream::queue_text_property() {
  const std::string text = settings().text;
  Lock lock(mutex_);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  queue_.push_back({OwnedEvent(gst_event_new_segment(&segment)), std::nullopt});
  segmenter_.feed(reader_.read(text) + reader_.finish());
  take_pending_text();
  queue_.push_back({OwnedEvent(gst_event_new_eos()), std::nullopt});
}

void TtsStream::end_text() {
  Lock lock(mutex_);
  if (flushing_) return;
  ++epoch_;
  queue_.clear();
  queued_utterances_ = 0;
  reset_input(lock);
  queue_.push_back({OwnedEvent(gst_event_new_eos()), std::nullopt});
  cancel_speech(lock);
}

bool TtsStream::activate_src(bool active) {
  if (active) {
    std::lock_guard control(control_mutex_);
    active_ = true;
    return start_task();
  }
  {
    Lock lock(mutex_);
    flushing_ = true;
    cancel_speech(lock);
  }
  {
    std::lock_guard control(control_mutex_);
    active_ = false;
  }
  return gst_pad_stop_task(src_pad_);
}

bool TtsStream::start_task() {
  const auto run = [](gpointer self) {
    CHATTERBOX_LOCKED(self);
    static_cast<TtsStream*>(self)->loop();
  };
  CHATTERBOX_UNLOCKING(this);
  return gst_pad_start_task(src_pad_, run, this, nullptr);
}

// Everybody who waits looks again; the engine stops.
void TtsStream::cancel_speech(Lock&) {
  if (current_job_ && worker_) worker_->cancel(current_job_);
  current_job_ = nullptr;
  for (const Item& item : queue_)
    if (item.utterance && item.utterance->job && worker_) worker_->cancel(item.utterance->job);
  changed_.notify_all();
}

void TtsStream::reset_input(Lock&) {
  ++epoch_;
  reader_.reset();
  segmenter_.reset();
  document_.clear();
  drain_requested_ = false;
}

// A flush from upstream stops everything at once.
void TtsStream::flush_start(OwnedEvent event) {
  {
    Lock lock(mutex_);
    flushing_ = true;
    reset_input(lock);
    cancel_speech(lock);
  }
  gst_pad_push_event(src_pad_, event.release());
  std::lock_guard control(control_mutex_);
  if (active_) gst_pad_pause_task(src_pad_);
}

void TtsStream::flush_stop(OwnedEvent event) {
  std::lock_guard control(control_mutex_);
  { StreamLock wait(src_pad_); }
  {
    Lock lock(mutex_);
    queue_.clear();
    queued_utterances_ = 0;
    busy_ = false;
    reset_input(lock);
    gst_segment_init(&in_segment_, GST_FORMAT_UNDEFINED);
    gst_segment_init(&out_segment_, GST_FORMAT_TIME);
    position_ = 0;
    flow_ = GST_FLOW_OK;
    flushing_ = !active_;
    output_.reset();
    need_segment_ = true;
    ended_ = nullptr;
  }
  gst_pad_push_event(src_pad_, event.release());
  if (active_) start_task();
}

void TtsStream::interrupt(bool flush) {
  std::lock_guard control(control_mutex_);
  {
    Lock lock(mutex_);
    if (flushing_) return;
    cancel_speech(lock);
    reset_input(lock);
    std::erase_if(queue_, [](const Item& item) { return item.utterance.has_value(); });
    queued_utterances_ = 0;
    interrupting_ = flush;
    changed_.notify_all();
  }
  if (!flush) return;
  gst_pad_push_event(src_pad_, gst_event_new_flush_start());
  gst_pad_pause_task(src_pad_);
  { StreamLock wait(src_pad_); }

  // The pipeline's running time goes on; so does the speech, from now.
  const GstClockTime now = stream_now();
  {
    Lock lock(mutex_);
    if (GST_CLOCK_TIME_IS_VALID(now)) output_.move_to(now);
    output_.mark_discont();
    need_segment_ = true;
  }
  gst_pad_push_event(src_pad_, gst_event_new_flush_stop(FALSE));
  {
    Lock lock(mutex_);
    interrupting_ = false;
    busy_ = false;
    position_ = output_.position();
    if (flow_ == GST_FLOW_FLUSHING) flow_ = GST_FLOW_OK;
    // The flush took the end of the stream with it.
    if (ended_ && flow_ == GST_FLOW_OK) queue_.push_back({std::move(ended_), std::nullopt});
    changed_.notify_all();
  }
  if (active_) start_task();
}

}  // namespace chatterbox::gst
