// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Task of chatterboxtts' source pad: takes items out of the queue, keeps time,
// pushes.
#include <utility>

#include "common.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_debug

namespace chatterbox::gst {

namespace {

// How often a live stream with nothing to say tells downstream that time went on.
constexpr std::chrono::milliseconds kIdleInterval{100};
// How long nothing may be linked before the element says so: pads of a demuxer
// or decodebin appear some time after the pipeline was started.
constexpr std::chrono::seconds kLinkPatience{5};

}  // namespace

bool TtsStream::must_stop() {
  Lock lock(mutex_);
  return stopping();
}

void TtsStream::loop() {
  Item item;
  const Next next = next_item(item);
  if (next == Next::kStop) {
    gst_pad_pause_task(src_pad_);
    return;
  }
  const GstFlowReturn flow = guarded(element_, GST_FLOW_ERROR, [&] {
    if (next == Next::kFailed) return GST_FLOW_ERROR;
    return item.event ? handle(std::move(item.event)) : speak(*item.utterance);
  });
  {
    Lock lock(mutex_);
    busy_ = false;
    changed_.notify_all();
  }
  if (flow != GST_FLOW_OK) end_stream(flow);
}

TtsStream::Next TtsStream::next_item(Item& item) {
  const bool force_live = settings().force_live;
  Lock lock(mutex_);
  while (true) {
    if (stopping()) return Next::kStop;
    const bool hold = force_live && !playing_;  // a live source is silent in PAUSED
    if (!queue_.empty() && !(hold && queue_.front().utterance)) {
      item = std::move(queue_.front());
      queue_.pop_front();
      if (item.utterance) --queued_utterances_;
      busy_ = true;
      changed_.notify_all();
      return Next::kItem;
    }
    const bool live = (force_live || upstream_live_) && playing_;
    if (live && complete_late_text(lock)) continue;
    if (live) {
      if (changed_.wait_for(lock, kIdleInterval) == std::cv_status::timeout) {
        lock.unlock();
        mark_idle_time();
        lock.lock();
      }
    } else if (!text_source_ && !received_) {
      const auto waited = std::chrono::steady_clock::now() - activated_;
      if (waited > kLinkPatience && !gst_pad_is_linked(sink_pad_)) {
        lock.unlock();
        GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("There is nothing to say."),
                          ("Expected `text` to be set or the sink pad to be linked, got neither."));
        return Next::kFailed;
      }
      changed_.wait_for(lock, std::chrono::milliseconds(250));
    } else {
      changed_.wait(lock);
    }
  }
}

// Live text whose sentence somebody forgot to end.
bool TtsStream::complete_late_text(Lock&) {
  const std::chrono::milliseconds max_wait(settings().max_wait_ms);
  if (max_wait.count() == 0 || !segmenter_.has_pending() || waiting_for_room_) return false;
  if (std::chrono::steady_clock::now() - last_text_ < max_wait) return false;
  take_pending_text();
  return !queue_.empty();
}

void TtsStream::end_stream(GstFlowReturn flow) {
  {
    Lock lock(mutex_);
    // Not the end of anything: somebody made the task leave on purpose.
    if (stopping() && flow == GST_FLOW_FLUSHING) {
      gst_pad_pause_task(src_pad_);
      return;
    }
    flow_ = flow;
    queue_.clear();
    queued_utterances_ = 0;
    changed_.notify_all();
  }
  GST_DEBUG_OBJECT(element_, "stops: %s", gst_flow_get_name(flow));
  if (flow == GST_FLOW_NOT_LINKED || (flow < GST_FLOW_EOS && flow != GST_FLOW_ERROR))
    GST_ELEMENT_FLOW_ERROR(element_, flow);
  if (flow != GST_FLOW_FLUSHING && flow != GST_FLOW_EOS) {
    OwnedEvent eos(gst_event_new_eos());
    if (seqnum_ != GST_SEQNUM_INVALID) gst_event_set_seqnum(eos.get(), seqnum_);
    gst_pad_push_event(src_pad_, eos.release());
  }
  gst_pad_pause_task(src_pad_);
}

GstFlowReturn TtsStream::handle(OwnedEvent event) {
  GST_DEBUG_OBJECT(src_pad_, "%" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_STREAM_START:
      ended_ = nullptr;
      break;
    case GST_EVENT_SEGMENT: {
      seqnum_ = gst_event_get_seqnum(event.get());
      Lock lock(mutex_);
      gst_event_copy_segment(event.get(), &out_segment_);
      output_.reset();
      output_.move_to(out_segment_.start);
      output_.mark_discont();
      position_ = out_segment_.start;
      need_segment_ = true;
      lock.unlock();
      return prepare_output();
    }
    case GST_EVENT_GAP:
      return handle_gap(event.get());
    case GST_EVENT_EOS: {
      const GstFlowReturn flow = prepare_output();
      if (flow != GST_FLOW_OK) return flow;
      ended_.reset(gst_event_ref(event.get()));
      break;
    }
    default:
      break;
  }
  gst_pad_push_event(src_pad_, event.release());
  return GST_FLOW_OK;
}

// Of a gap in the text only what lies beyond the speech so far is a gap in it.
GstFlowReturn TtsStream::handle_gap(GstEvent* event) {
  const Timing timing = settings().timing;
  GstClockTime start, duration;
  gst_event_parse_gap(event, &start, &duration);
  {
    Lock lock(mutex_);
    if (!is_timed(start, timing)) return GST_FLOW_OK;
  }
  const GstClockTime end = GST_CLOCK_TIME_IS_VALID(duration) ? start + duration : start;
  const GstFlowReturn flow = prepare_output();
  if (flow != GST_FLOW_OK || end <= output_.position()) return flow;
  return advance_to(end);
}

// What downstream must have seen before anything else: stream-start, caps,
// segment.
GstFlowReturn TtsStream::prepare_output() {
  const OwnedEvent started(gst_pad_get_sticky_event(src_pad_, GST_EVENT_STREAM_START, 0));
  if (!started) {
    const OwnedString id(gst_pad_create_stream_id(src_pad_, element_, nullptr));
    GstEvent* event = gst_event_new_stream_start(id.get());
    gst_event_set_group_id(event, gst_util_group_id_next());
    gst_pad_push_event(src_pad_, event);
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

GstFlowReturn TtsStream::negotiate() {
  const OwnedCaps ours(gst_pad_get_pad_template_caps(src_pad_));
  const OwnedCaps theirs(gst_pad_peer_query_caps(src_pad_, ours.get()));
  // In our order of preference, the native rate first.
  OwnedCaps caps(gst_caps_intersect_full(ours.get(), theirs.get(), GST_CAPS_INTERSECT_FIRST));
  if (gst_caps_is_empty(caps.get())) {
    if (must_stop()) return GST_FLOW_FLUSHING;
    GST_INFO_OBJECT(src_pad_, "no common format with %" GST_PTR_FORMAT, theirs.get());
    return GST_FLOW_NOT_NEGOTIATED;
  }
  caps.reset(gst_caps_make_writable(gst_caps_truncate(caps.release())));
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  gst_structure_fixate_field_nearest_int(structure, "rate", kOutputRateHz);
  gst_structure_fixate_field_string(structure, "format", GST_AUDIO_NE(S16));
  caps.reset(gst_caps_fixate(caps.release()));

  GstAudioInfo info;
  if (!gst_audio_info_from_caps(&info, caps.get())) return GST_FLOW_NOT_NEGOTIATED;
  if (output_.configured() && gst_audio_info_is_equal(&info, &output_.info()) &&
      gst_pad_has_current_caps(src_pad_))
    return GST_FLOW_OK;
  GST_INFO_OBJECT(src_pad_, "speaks %" GST_PTR_FORMAT, caps.get());
  if (!output_.configure(info)) return GST_FLOW_NOT_NEGOTIATED;
  if (!gst_pad_push_event(src_pad_, gst_event_new_caps(caps.get())) &&
      gst_pad_is_linked(src_pad_)) {
    return must_stop() ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
  }
  return GST_FLOW_OK;
}

GstFlowReturn TtsStream::push(OwnedBuffer buffer) {
  {
    Lock lock(mutex_);
    if (stopping()) return GST_FLOW_FLUSHING;
    position_ = GST_BUFFER_PTS(buffer.get()) + GST_BUFFER_DURATION(buffer.get());
  }
  GST_LOG_OBJECT(src_pad_, "%" GST_PTR_FORMAT, buffer.get());
  return gst_pad_push(src_pad_, buffer.release());
}

SpeechOutput::Push TtsStream::pusher() {
  return [this](OwnedBuffer buffer) { return push(std::move(buffer)); };
}

// Moves the output to `position`; what lies before it is silence.
GstFlowReturn TtsStream::advance_to(GstClockTime position) {
  const GstClockTime from = output_.position();
  if (position > from) {
    if (settings().fill_gaps) {
      const GstFlowReturn flow = output_.silence(position, pusher());
      if (flow != GST_FLOW_OK) return flow;
    } else {
      gst_pad_push_event(src_pad_, gst_event_new_gap(from, position - from));
    }
  }
  output_.move_to(position);
  Lock lock(mutex_);
  position_ = output_.position();
  return GST_FLOW_OK;
}

// Mixers and sinks wait for a stream that says nothing; this one tells them.
void TtsStream::mark_idle_time() {
  if (need_segment_ || !output_.configured()) return;
  const TtsSettings settings = this->settings();
  GstClockTime behind = settings.latency_ms * GST_MSECOND;
  {
    Lock lock(mutex_);
    behind += upstream_latency_;
  }
  const GstClockTime now = stream_now(behind);
  if (GST_CLOCK_TIME_IS_VALID(now) && now > output_.position()) advance_to(now);
}

GstClockTime TtsStream::running_time() const {
  {
    Lock lock(mutex_);
    if (!playing_) return GST_CLOCK_TIME_NONE;
  }
  return gst_element_get_current_running_time(element_);
}

// The running time, less `behind`, as a position in the output segment.
GstClockTime TtsStream::stream_now(GstClockTime behind) const {
  const GstClockTime now = running_time();
  if (!GST_CLOCK_TIME_IS_VALID(now)) return GST_CLOCK_TIME_NONE;
  return gst_segment_position_from_running_time(&out_segment_, GST_FORMAT_TIME,
                                                now > behind ? now - behind : 0);
}

bool TtsStream::src_event(OwnedEvent event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_SEEK: {
      Lock lock(mutex_);
      // Text has no positions to seek to.
      if (text_source_ || in_segment_.format != GST_FORMAT_TIME) return false;
      break;
    }
    case GST_EVENT_QOS: {
      // Speech is never dropped; a sink that waits for it is only worth a word.
      gdouble proportion = 1;
      gst_event_parse_qos(event.get(), nullptr, &proportion, nullptr, nullptr);
      Lock lock(mutex_);
      if (proportion > 1 && !std::exchange(warned_slow_, true))
        GST_WARNING_OBJECT(element_, "speech comes %.2f times too slowly", proportion);
      break;
    }
    default:
      break;
  }
  return gst_pad_event_default(src_pad_, GST_OBJECT(element_), event.release());
}

bool TtsStream::src_query(GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_POSITION: {
      GstFormat format;
      gst_query_parse_position(query, &format, nullptr);
      if (format != GST_FORMAT_TIME) return false;
      Lock lock(mutex_);
      const guint64 time = gst_segment_to_stream_time(&out_segment_, GST_FORMAT_TIME, position_);
      gst_query_set_position(query, format, gint64(time));
      return true;
    }
    case GST_QUERY_DURATION:
      // Unknown until it has been spoken; upstream's is a number of bytes.
      return false;
    case GST_QUERY_SEEKING: {
      Lock lock(mutex_);
      if (!text_source_ && in_segment_.format == GST_FORMAT_TIME) break;
      GstFormat format;
      gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
      gst_query_set_seeking(query, format, FALSE, 0, -1);
      return true;
    }
    case GST_QUERY_LATENCY: {
      gboolean live = FALSE;
      GstClockTime least = 0, most = GST_CLOCK_TIME_NONE;
      if (gst_pad_peer_query(sink_pad_, query))
        gst_query_parse_latency(query, &live, &least, &most);
      const TtsSettings settings = this->settings();
      if (live || settings.force_live) {
        const GstClockTime own = settings.latency_ms * GST_MSECOND;
        live = TRUE;
        least += own;
        if (GST_CLOCK_TIME_IS_VALID(most)) most += own;
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
