// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Properties, state changes and flushes of chatterboxvc.
#include <cstring>
#include <utility>

#include "common.h"
#include "vc_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

namespace chatterbox::gst {

VcStream::VcStream(GstElement* element, GstPad* sink_pad, GstPad* src_pad)
    : element_(element),
      sink_pad_(sink_pad),
      src_pad_(src_pad),
      align_(nullptr, gst_audio_stream_align_free) {
  gst_segment_init(&in_segment_, GST_FORMAT_UNDEFINED);
  gst_segment_init(&out_segment_, GST_FORMAT_TIME);
}

VcStream::~VcStream() = default;

void VcStream::set_property(const char* name, const GValue* value) {
  bool latency_changed = false, running = false;
  std::string voice;
  {
    ObjectLock lock(element_);
    const GstClockTime latency = settings_.latency();
    set_vc_property(settings_, name, value);
    latency_changed = latency != settings_.latency();
    voice = settings_.voice;
  }
  {
    Lock lock(mutex_);
    running = !flushing_ || changer_;
  }
  if (std::strcmp(name, "voice") == 0 && running) request_voice(voice);
  if (latency_changed)
    gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

void VcStream::get_property(const char* name, GValue* value) const {
  if (std::strcmp(name, "stats") == 0) return g_value_take_boxed(value, stats());
  ObjectLock lock(element_);
  get_vc_property(settings_, name, value);
}

GstStructure* VcStream::stats() const {
  Lock lock(mutex_);
  const auto time = [](double seconds) { return guint64(seconds * GST_SECOND); };
  return gst_structure_new(
      "chatterbox/conversion", "converted", G_TYPE_UINT64, time(conversion_.seconds_converted),
      "silent", G_TYPE_UINT64, time(conversion_.seconds_silent), "discarded", G_TYPE_UINT64,
      discarded_, "overloads", G_TYPE_UINT64, overloads_, "late", G_TYPE_UINT64, late_,
      "slowest-chunk", G_TYPE_UINT64, time(conversion_.seconds_of_slowest), "real-time-factor",
      G_TYPE_DOUBLE, conversion_.real_time_factor(), nullptr);
}

VcSettings VcStream::settings() const {
  ObjectLock lock(element_);
  return settings_;
}

bool VcStream::enter_paused() {
  {
    Lock lock(mutex_);
    gst_segment_init(&out_segment_, GST_FORMAT_TIME);
    queue_.clear();
    queued_ = 0;
    awaited_voice_.reset();
    flushing_ = false;
    busy_ = false;
    flow_ = GST_FLOW_OK;
    looked_upstream_ = false;
    upstream_live_ = false;
    upstream_latency_ = 0;
    position_ = GST_CLOCK_TIME_NONE;
    conversion_ = {};
    discarded_ = 0;
    overloads_ = late_ = 0;
  }
  gst_segment_init(&in_segment_, GST_FORMAT_UNDEFINED);
  input_ = SpeechInput();
  align_ = nullptr;
  in_stretch_ = false;
  next_timestamp_ = GST_CLOCK_TIME_NONE;
  at_work_ = nullptr;
  given_ = false;
  output_ = SpeechOutput();
  mix_.set(0);
  mix_.reset();
  need_segment_ = true;
  speaking_ = false;
  bypassed_ = passing_ = false;
  chunk_size_ = 0;
  seqnum_ = GST_SEQNUM_INVALID;
  warned_late_ = false;
  return start_load();
}

void VcStream::set_playing(bool playing) {
  Lock lock(mutex_);
  playing_ = playing;
}

void VcStream::leave_paused() {
  cancel_load();
  Lock lock(mutex_);
  flushing_ = true;
  cancel_work(lock);
}

void VcStream::enter_ready() {
  Lock lock(mutex_);
  queue_.clear();
  queued_ = 0;
}

void VcStream::enter_null() {
  std::shared_ptr<Changer> changer;
  at_work_ = nullptr;
  Lock lock(mutex_);
  changer = std::exchange(changer_, nullptr);
  lock.unlock();
}

bool VcStream::activate_src(bool active) {
  if (active) {
    std::lock_guard control(control_mutex_);
    active_ = true;
    return start_task();
  }
  {
    Lock lock(mutex_);
    flushing_ = true;
    cancel_work(lock);
  }
  {
    std::lock_guard control(control_mutex_);
    active_ = false;
  }
  return gst_pad_stop_task(src_pad_);
}

bool VcStream::start_task() {
  const auto run = [](gpointer self) { static_cast<VcStream*>(self)->loop(); };
  return gst_pad_start_task(src_pad_, run, this, nullptr);
}

// Everybody who waits looks again; the engine stops.
void VcStream::cancel_work(Lock&) {
  if (converting_ && changer_) changer_->cancel();
  changed_.notify_all();
}

void VcStream::flush_start(OwnedEvent event) {
  {
    Lock lock(mutex_);
    flushing_ = true;
    cancel_work(lock);
  }
  gst_pad_push_event(src_pad_, event.release());
  std::lock_guard control(control_mutex_);
  if (active_) gst_pad_pause_task(src_pad_);
}

void VcStream::flush_stop(OwnedEvent event) {
  std::lock_guard control(control_mutex_);
  { StreamLock wait(src_pad_); }
  {
    Lock lock(mutex_);
    queue_.clear();
    queued_ = 0;
    busy_ = false;
    gst_segment_init(&out_segment_, GST_FORMAT_TIME);
    position_ = GST_CLOCK_TIME_NONE;
    // A model that cannot be loaded stays an error.
    if (flow_ != GST_FLOW_ERROR || changer_) flow_ = GST_FLOW_OK;
    flushing_ = !active_;
    if (changer_) changer_->reset();
  }
  input_.reset();
  if (align_) gst_audio_stream_align_mark_discont(align_.get());
  gst_segment_init(&in_segment_, GST_FORMAT_UNDEFINED);
  in_stretch_ = false;
  next_timestamp_ = GST_CLOCK_TIME_NONE;
  given_ = false;
  output_.reset();
  mix_.reset();
  speaking_ = false;
  need_segment_ = true;
  gst_pad_push_event(src_pad_, event.release());
  if (active_) start_task();
}

}  // namespace chatterbox::gst
