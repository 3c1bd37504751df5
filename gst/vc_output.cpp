// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Task of chatterboxvc's source pad: takes items out of the queue, converts
// speech, pushes.
#include <algorithm>
#include <utility>

#include "chatterbox/error.h"
#include "common.h"
#include "src_caps.h"
#include "vc_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

namespace chatterbox::gst {

bool VcStream::must_stop() {
  Lock lock(mutex_);
  return flushing_;
}

void VcStream::loop() {
  Item item;
  if (!next_item(item)) {
    gst_pad_pause_task(src_pad_);
    return;
  }
  const GstFlowReturn flow = guarded(element_, GST_FLOW_ERROR, [&] {
    try {
      return handle(item);
    } catch (const Error& error) {
      // A flush is no failure.
      if (error.code() != ErrorCode::kCancelled || !must_stop()) throw;
      return GST_FLOW_FLUSHING;
    }
  });
  {
    Lock lock(mutex_);
    busy_ = converting_ = false;
    changed_.notify_all();
  }
  if (flow != GST_FLOW_OK) end_stream(flow);
}

bool VcStream::next_item(Item& item) {
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return flushing_ || !queue_.empty() || flow_ == GST_FLOW_ERROR; });
  if (flushing_) return false;
  if (queue_.empty()) {  // the model cannot be loaded
    lock.unlock();
    end_stream(GST_FLOW_ERROR);
    return false;
  }
  item = std::move(queue_.front());
  queue_.pop_front();
  queued_ -= std::min<std::uint64_t>(queued_, item.samples.heard.size());
  busy_ = true;
  changed_.notify_all();
  return true;
}

void VcStream::end_stream(GstFlowReturn flow) {
  {
    Lock lock(mutex_);
    // Not the end of anything: somebody made the task leave on purpose.
    if (flushing_ && flow == GST_FLOW_FLUSHING) {
      gst_pad_pause_task(src_pad_);
      return;
    }
    flow_ = flow;
    queue_.clear();
    queued_ = 0;
    changed_.notify_all();
  }
  announce_stop(element_, src_pad_, flow, seqnum_);
  gst_pad_pause_task(src_pad_);
}

GstFlowReturn VcStream::handle(Item& item) {
  switch (item.kind) {
    case Kind::kEvent:
      return handle_event(std::move(item.event));
    case Kind::kBegin:
      return begin(item);
    case Kind::kSpeech:
      return convert(item);
    case Kind::kLost:
      return skip(item);
    case Kind::kEnd:
      return finish();
    case Kind::kVoice: {
      const GstFlowReturn flow = wait_for_changer();
      return flow == GST_FLOW_OK ? await_voice(item.voice) : flow;
    }
  }
  return GST_FLOW_OK;
}

GstFlowReturn VcStream::handle_event(OwnedEvent event) {
  GST_DEBUG_OBJECT(src_pad_, "%" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_SEGMENT: {
      seqnum_ = gst_event_get_seqnum(event.get());
      {
        Lock lock(mutex_);
        gst_event_copy_segment(event.get(), &out_segment_);
        position_ = out_segment_.start;
      }
      output_.reset();
      need_segment_ = true;
      return prepare_output();
    }
    case GST_EVENT_GAP:
    case GST_EVENT_EOS:
      if (const GstFlowReturn flow = prepare_output(); flow != GST_FLOW_OK) return flow;
      break;
    default:
      break;
  }
  gst_pad_push_event(src_pad_, event.release());
  return GST_FLOW_OK;
}

GstFlowReturn VcStream::begin(const Item& item) {
  const GstFlowReturn flow = prepare_output();
  if (flow != GST_FLOW_OK) return flow;
  output_.move_to(item.timestamp);
  if (item.discont) output_.mark_discont();
  output_.begin();
  begin_ = item.timestamp;
  mix_.reset();
  emitted_ = origin_ = 0;
  speaking_ = true;
  return GST_FLOW_OK;
}

// Speech that can wait does, until the model is there. Live speech cannot.
GstFlowReturn VcStream::wait_for_changer() {
  Lock lock(mutex_);
  changed_.wait(
      lock, [this] { return flushing_ || changer_ || flow_ == GST_FLOW_ERROR || upstream_live_; });
  if (flushing_) return GST_FLOW_FLUSHING;
  at_work_ = changer_;
  return flow_;
}

// From here on a flush stops the engine.
void VcStream::mark_converting() {
  Lock lock(mutex_);
  converting_ = true;
}

// What can change between two chunks.
void VcStream::apply_settings() {
  const VcSettings settings = this->settings();
  if (settings.chunk_size != chunk_size_) at_work_->set_chunk_size(int(settings.chunk_size));
  chunk_size_ = settings.chunk_size;
  if (settings.bypass == bypassed_) return;
  bypassed_ = settings.bypass;
  at_work_->set_muted(bypassed_);
  // A conversion that ends fades out before the border; one that sets in is
  // silent for a fade, and takes another to be there.
  const auto border = std::int64_t(origin_) + at_work_->next_chunk();
  if (bypassed_)
    mix_.fade_to(1, border - DryMix::kFade / 2);
  else
    mix_.fade_to(0, border + DryMix::kFade);
}

GstFlowReturn VcStream::convert(Item& item) {
  GstFlowReturn flow = wait_for_changer();
  if (flow != GST_FLOW_OK) return flow;
  if (!at_work_) return skip(item);
  mark_converting();
  flow = prepare_output();
  if (flow != GST_FLOW_OK) return flow;
  mix_.add(item.samples.dry);
  if (std::exchange(passing_, false)) mix_.fade_to(bypassed_ ? 1 : 0, std::int64_t(emitted_));
  at_work_->push(item.samples.heard);
  given_ = true;
  while (true) {
    apply_settings();
    std::vector<float> chunk = at_work_->pop();
    if (chunk.empty()) return GST_FLOW_OK;
    flow = emit(std::move(chunk));
    if (flow != GST_FLOW_OK) return flow;
  }
}

// Silence for what the engine was given and did not finish; the mix may put the
// speaker's own voice there.
GstFlowReturn VcStream::abandon() {
  std::vector<float> rest;
  if (std::exchange(given_, false)) rest = at_work_->abandon();
  rest.resize(mix_.waiting(), 0.0F);
  return emit(std::move(rest));
}

// Speech that nobody converts, in its place what the policy says.
GstFlowReturn VcStream::skip(Item& item) {
  const std::size_t count = item.samples.dry.size();
  const VcSettings settings = this->settings();
  const bool pass = settings.bypass || settings.overload_policy == OverloadPolicy::kPassthrough;
  GstFlowReturn flow = prepare_output();
  if (pass) mix_.fade_to(1, std::int64_t(emitted_));
  if (flow == GST_FLOW_OK) flow = abandon();
  if (flow != GST_FLOW_OK) return flow;
  mix_.add(item.samples.dry);
  if (!pass && settings.overload_policy == OverloadPolicy::kDrop) {
    mix_.drop(count);
    emitted_ += count;
    flow = output_.finish(pusher());
    output_.move_to(begin_ + gst_util_uint64_scale(emitted_, GST_SECOND, kOutputRateHz));
    output_.begin();
  } else {
    mix_.fade_to(pass ? 1 : 0, std::int64_t(emitted_));
    passing_ = pass;
    std::vector<float> silence(count, 0.0F);
    mix_.mix(silence);
    emitted_ += count;
    flow = output_.write(silence, {}, pusher());
  }
  origin_ = emitted_;
  return flow;
}

GstFlowReturn VcStream::finish() {
  if (!std::exchange(speaking_, false)) return GST_FLOW_OK;
  std::vector<float> rest;
  if (std::exchange(given_, false)) {
    mark_converting();
    apply_settings();
    rest = at_work_->drain();
  }
  rest.resize(mix_.waiting(), 0.0F);
  const GstFlowReturn flow = emit(std::move(rest));
  if (flow != GST_FLOW_OK) return flow;
  return output_.finish(pusher());
}

// Everything that was converted leaves through here, 24 kHz, before it takes the
// format of the source pad.
GstFlowReturn VcStream::emit(std::vector<float> converted) {
  if (converted.empty()) return GST_FLOW_OK;
  mix_.mix(converted);
  emitted_ += converted.size();
  watch_lateness(output_.position());
  if (at_work_) {
    Lock lock(mutex_);
    conversion_ = at_work_->stats();
  }
  return output_.write(converted, {}, pusher());
}

// Live speech that leaves after its time: the machine is slower than promised.
void VcStream::watch_lateness(GstClockTime timestamp) {
  GstClockTime allowed = 0;
  {
    Lock lock(mutex_);
    if (!upstream_live_ || !playing_) return;
    allowed = upstream_latency_;
  }
  allowed += settings().latency();
  const GstClockTime now = gst_element_get_current_running_time(element_);
  const GstClockTime due = gst_segment_to_running_time(&out_segment_, GST_FORMAT_TIME, timestamp);
  if (!GST_CLOCK_TIME_IS_VALID(now) || !GST_CLOCK_TIME_IS_VALID(due) || now <= due + allowed)
    return;
  {
    Lock lock(mutex_);
    ++late_;
  }
  if (!std::exchange(warned_late_, true))
    GST_WARNING_OBJECT(element_,
                       "converted speech is %" GST_TIME_FORMAT
                       " late: processing-latency is too short for this machine",
                       GST_TIME_ARGS(now - due - allowed));
}

// What downstream must have seen before anything else: stream-start, caps,
// segment.
GstFlowReturn VcStream::prepare_output() {
  const OwnedEvent started(gst_pad_get_sticky_event(src_pad_, GST_EVENT_STREAM_START, 0));
  if (!started) {
    const OwnedString id(gst_pad_create_stream_id(src_pad_, element_, nullptr));
    gst_pad_push_event(src_pad_, gst_event_new_stream_start(id.get()));
  }
  if (gst_pad_check_reconfigure(src_pad_) || !output_.configured()) {
    const GstFlowReturn flow = negotiate();
    if (flow != GST_FLOW_OK) {
      gst_pad_mark_reconfigure(src_pad_);
      return flow;
    }
  }
  if (need_segment_) {
    GstEvent* event = gst_event_new_segment(&out_segment_);
    if (seqnum_ != GST_SEQNUM_INVALID) gst_event_set_seqnum(event, seqnum_);
    gst_pad_push_event(src_pad_, event);
    need_segment_ = false;
  }
  return GST_FLOW_OK;
}

GstFlowReturn VcStream::negotiate() {
  const OwnedCaps caps = choose_speech_caps(src_pad_);
  if (!caps) return must_stop() ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
  GstAudioInfo info;
  if (!gst_audio_info_from_caps(&info, caps.get())) return GST_FLOW_NOT_NEGOTIATED;
  if (output_.configured() && gst_audio_info_is_equal(&info, &output_.info()) &&
      gst_pad_has_current_caps(src_pad_))
    return GST_FLOW_OK;
  GST_INFO_OBJECT(src_pad_, "speaks %" GST_PTR_FORMAT, caps.get());
  // The old format takes what is under way with it.
  if (output_.configured() && speaking_) {
    const GstFlowReturn flow = output_.finish(pusher());
    if (flow != GST_FLOW_OK) return flow;
  }
  if (!output_.configure(info)) return GST_FLOW_NOT_NEGOTIATED;
  if (speaking_) output_.begin();
  if (!gst_pad_push_event(src_pad_, gst_event_new_caps(caps.get())) && gst_pad_is_linked(src_pad_))
    return must_stop() ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
  return GST_FLOW_OK;
}

GstFlowReturn VcStream::push(OwnedBuffer buffer) {
  {
    Lock lock(mutex_);
    if (flushing_) return GST_FLOW_FLUSHING;
    position_ = GST_BUFFER_PTS(buffer.get()) + GST_BUFFER_DURATION(buffer.get());
  }
  GST_LOG_OBJECT(src_pad_, "%" GST_PTR_FORMAT, buffer.get());
  return gst_pad_push(src_pad_, buffer.release());
}

SpeechOutput::Push VcStream::pusher() {
  return [this](OwnedBuffer buffer, auto) { return push(std::move(buffer)); };
}

bool VcStream::src_event(OwnedEvent event) {
  if (is_backwards_seek(event.get())) return false;
  // QoS goes on upstream; speech is never dropped for it.
  return gst_pad_event_default(src_pad_, GST_OBJECT(element_), event.release());
}

bool VcStream::src_query(GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_POSITION: {
      GstFormat format;
      gst_query_parse_position(query, &format, nullptr);
      if (format != GST_FORMAT_TIME) break;
      Lock lock(mutex_);
      if (!GST_CLOCK_TIME_IS_VALID(position_)) return false;
      const guint64 time = gst_segment_to_stream_time(&out_segment_, GST_FORMAT_TIME, position_);
      gst_query_set_position(query, format, gint64(time));
      return true;
    }
    case GST_QUERY_LATENCY: {
      gboolean live = FALSE;
      GstClockTime least = 0, most = GST_CLOCK_TIME_NONE;
      if (gst_pad_peer_query(sink_pad_, query))
        gst_query_parse_latency(query, &live, &least, &most);
      if (live) {
        const VcSettings settings = this->settings();
        least += settings.latency();
        if (GST_CLOCK_TIME_IS_VALID(most)) most += settings.latency() + settings.backlog();
      }
      gst_query_set_latency(query, live, least, most);
      return true;
    }
    default:
      break;
  }
  return gst_pad_query_default(src_pad_, GST_OBJECT(element_), query);
}

}  // namespace chatterbox::gst
