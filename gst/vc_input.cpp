// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Sink pad of chatterboxvc: resampled speech and events, in order, into the
// queue; what there is no time for is discarded here.
#include <utility>

#include "common.h"
#include "vc_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

namespace chatterbox::gst {

namespace {

// Timestamps may be off by this much, and for this long, before they are
// believed.
constexpr GstClockTime kAlignThreshold = 40 * GST_MSECOND;
constexpr GstClockTime kDiscontWait = GST_SECOND;

GstClockTime duration_of_heard(std::uint64_t samples) {
  return gst_util_uint64_scale(samples, GST_SECOND, Converter::kInputRateHz);
}

}  // namespace

bool VcStream::configure_input(GstCaps* caps) {
  GstAudioInfo info;
  if (!gst_audio_info_from_caps(&info, caps)) return false;
  if (GST_AUDIO_INFO_IS_VALID(&input_.info()) && gst_audio_info_is_equal(&info, &input_.info()))
    return true;
  end_stretch();
  GST_INFO_OBJECT(sink_pad_, "hears %" GST_PTR_FORMAT, caps);
  input_.configure(info);
  align_.reset(gst_audio_stream_align_new(info.rate, kAlignThreshold, kDiscontWait));
  return true;
}

GstFlowReturn VcStream::chain(OwnedBuffer buffer) {
  look_upstream();
  if (!GST_AUDIO_INFO_IS_VALID(&input_.info())) return GST_FLOW_NOT_NEGOTIATED;
  if (in_segment_.format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID(buffer.get())) {
    buffer.reset(gst_audio_buffer_clip(buffer.release(), &in_segment_, input_.info().rate,
                                       input_.info().bpf));
    if (!buffer) return GST_FLOW_OK;
  }
  return take(std::move(buffer));
}

GstFlowReturn VcStream::take(OwnedBuffer buffer) {
  const auto frames = gst_buffer_get_size(buffer.get()) / gsize(input_.info().bpf);
  if (frames == 0) return GST_FLOW_OK;
  const bool timed = in_segment_.format == GST_FORMAT_TIME;
  GstClockTime timestamp = timed ? GST_BUFFER_PTS(buffer.get()) : GST_CLOCK_TIME_NONE;
  bool broken = !in_stretch_;
  if (GST_CLOCK_TIME_IS_VALID(timestamp)) {
    const bool marked = GST_BUFFER_IS_DISCONT(buffer.get()) ||
                        GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_RESYNC);
    broken |= gst_audio_stream_align_process(align_.get(), marked, timestamp, guint(frames),
                                             &timestamp, nullptr, nullptr) != FALSE;
  }
  if (!GST_CLOCK_TIME_IS_VALID(timestamp))
    timestamp = GST_CLOCK_TIME_IS_VALID(next_timestamp_) ? next_timestamp_ : 0;

  if (broken) {
    end_stretch();
    Item begin;
    begin.kind = Kind::kBegin;
    begin.timestamp = timestamp;
    begin.discont = !GST_CLOCK_TIME_IS_VALID(next_timestamp_) || next_timestamp_ != timestamp;
    const GstFlowReturn flow = push_item(std::move(begin));
    if (flow != GST_FLOW_OK) return flow;
    in_stretch_ = true;
  }
  Item speech;
  speech.kind = Kind::kSpeech;
  speech.timestamp = timestamp;
  if (!input_.add(buffer.get(), speech.samples)) {
    GST_WARNING_OBJECT(sink_pad_, "a buffer cannot be read: %" GST_PTR_FORMAT, buffer.get());
    return GST_FLOW_OK;
  }
  next_timestamp_ = timestamp + gst_util_uint64_scale(frames, GST_SECOND, input_.info().rate);
  return push_item(std::move(speech));
}

// What resamplers hold back, then the end.
void VcStream::end_stretch() {
  if (!std::exchange(in_stretch_, false)) return;
  Item rest;
  rest.kind = Kind::kSpeech;
  rest.timestamp = next_timestamp_;
  input_.finish(rest.samples);
  Item end;
  end.kind = Kind::kEnd;
  input_.reset();
  if (push_item(std::move(rest)) == GST_FLOW_OK) push_item(std::move(end));
}

// Waits for room when upstream can wait; else what waited longest makes room.
GstFlowReturn VcStream::push_item(Item item) {
  const VcSettings settings = this->settings();
  const auto bound = gst_util_uint64_scale(settings.backlog(), Converter::kInputRateHz, GST_SECOND);
  GstClockTime discarded = 0, timestamp = GST_CLOCK_TIME_NONE;
  {
    Lock lock(mutex_);
    if (!upstream_live_ && item.kind == Kind::kSpeech)
      changed_.wait(lock, [&] { return flushing_ || flow_ != GST_FLOW_OK || queued_ <= bound; });
    if (flushing_) return GST_FLOW_FLUSHING;
    if (flow_ != GST_FLOW_OK) return flow_;
    if (upstream_live_ && item.kind == Kind::kSpeech && queued_ > bound)
      discard_backlog(lock, discarded, timestamp);
    queued_ += item.samples.heard.size();
    queue_.push_back(std::move(item));
    changed_.notify_all();
  }
  if (discarded > 0) report_overload(timestamp, discarded, settings.overload_policy);
  return GST_FLOW_OK;
}

// Speech that waits is not going to be converted.
void VcStream::discard_backlog(Lock&, GstClockTime& discarded, GstClockTime& timestamp) {
  std::uint64_t lost = 0;
  for (Item& item : queue_) {
    if (item.kind != Kind::kSpeech) continue;
    if (lost == 0) timestamp = item.timestamp;
    item.kind = Kind::kLost;
    lost += item.samples.heard.size();
    item.samples.heard.clear();
  }
  queued_ = 0;
  // While the model is being loaded nobody expected more.
  if (changer_) {
    discarded = duration_of_heard(lost);
    discarded_ += discarded;
    ++overloads_;
  }
}

void VcStream::report_overload(GstClockTime timestamp, GstClockTime discarded,
                               OverloadPolicy policy) {
  static const char* const names[] = {"silence", "drop", "passthrough"};
  const guint64 stream_time =
      gst_segment_to_stream_time(&in_segment_, GST_FORMAT_TIME, timestamp);
  const guint64 running_time =
      gst_segment_to_running_time(&in_segment_, GST_FORMAT_TIME, timestamp);
  guint64 count = 0, converted = 0, lost = 0;
  {
    Lock lock(mutex_);
    lost = discarded_;
    count = overloads_;
    converted = guint64(conversion_.seconds_converted * GST_SECOND);
  }
  GST_WARNING_OBJECT(element_, "overload: %" GST_TIME_FORMAT " from %" GST_TIME_FORMAT
                     " were not converted", GST_TIME_ARGS(discarded), GST_TIME_ARGS(timestamp));
  GstMessage* qos = gst_message_new_qos(GST_OBJECT(element_), TRUE, running_time, stream_time,
                                        timestamp, discarded);
  gst_message_set_qos_stats(qos, GST_FORMAT_TIME, converted, lost);
  gst_element_post_message(element_, qos);
  GstStructure* report = gst_structure_new(
      "chatterbox/overload", "timestamp", G_TYPE_UINT64, timestamp, "stream-time", G_TYPE_UINT64,
      stream_time, "running-time", G_TYPE_UINT64, running_time, "duration", G_TYPE_UINT64,
      discarded, "policy", G_TYPE_STRING, names[int(policy)], "count", G_TYPE_UINT64, count,
      nullptr);
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), report));
}

void VcStream::look_upstream() {
  {
    Lock lock(mutex_);
    if (std::exchange(looked_upstream_, true)) return;
  }
  gboolean live = FALSE;
  GstClockTime least = 0;
  const OwnedQuery query(gst_query_new_latency());
  if (gst_pad_peer_query(sink_pad_, query.get()))
    gst_query_parse_latency(query.get(), &live, &least, nullptr);
  Lock lock(mutex_);
  upstream_live_ = live;
  upstream_latency_ = live && GST_CLOCK_TIME_IS_VALID(least) ? least : 0;
}

bool VcStream::sink_event(OwnedEvent event) {
  GST_DEBUG_OBJECT(sink_pad_, "%" GST_PTR_FORMAT, event.get());
  Item item;
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      flush_start(std::move(event));
      return true;
    case GST_EVENT_FLUSH_STOP:
      flush_stop(std::move(event));
      return true;
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event.get(), &caps);
      return configure_input(caps);
    }
    case GST_EVENT_SEGMENT:
      return handle_segment(std::move(event));
    case GST_EVENT_GAP:
      handle_gap(std::move(event));
      return true;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_EOS:
      end_stretch();
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (gst_event_has_name(event.get(), "chatterbox/voice")) handle_voice(event.get(), true);
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
      if (gst_event_has_name(event.get(), "chatterbox/speaker-voice"))
        handle_voice(event.get(), false);
      break;
    default:
      break;
  }
  if (!GST_EVENT_IS_SERIALIZED(event.get()))
    return gst_pad_push_event(src_pad_, event.release());
  item.event = std::move(event);
  return push_item(std::move(item)) == GST_FLOW_OK;
}

// Time that is counted stays; other formats become a count from 0.
bool VcStream::handle_segment(OwnedEvent event) {
  look_upstream();
  GstSegment segment;
  gst_event_copy_segment(event.get(), &segment);
  if (!accept_rate(element_, segment)) return false;
  GstSegment known = in_segment_;
  known.position = segment.position;
  // A segment that says what is known only tells where upstream is.
  if (segment.format == in_segment_.format && gst_segment_is_equal(&known, &segment)) {
    in_segment_ = segment;
    return true;
  }
  end_stretch();
  in_segment_ = segment;
  if (segment.format != GST_FORMAT_TIME) {
    gst_segment_init(&segment, GST_FORMAT_TIME);
    next_timestamp_ = 0;
  } else {
    next_timestamp_ = GST_CLOCK_TIME_NONE;
  }
  if (align_) gst_audio_stream_align_mark_discont(align_.get());
  Item item;
  item.event.reset(gst_event_new_segment(&segment));
  gst_event_set_seqnum(item.event.get(), gst_event_get_seqnum(event.get()));
  return push_item(std::move(item)) == GST_FLOW_OK;
}

// What is pending comes out before the gap.
void VcStream::handle_gap(OwnedEvent event) {
  GstClockTime timestamp, duration;
  gst_event_parse_gap(event.get(), &timestamp, &duration);
  end_stretch();
  if (align_) gst_audio_stream_align_mark_discont(align_.get());
  if (GST_CLOCK_TIME_IS_VALID(duration)) next_timestamp_ = timestamp + duration;
  Item item;
  item.event = std::move(event);
  push_item(std::move(item));
}

// {voice}: of what comes after it, or, out of band, as soon as it can be.
void VcStream::handle_voice(GstEvent* event, bool in_order) {
  const char* voice = gst_structure_get_string(gst_event_get_structure(event), "voice");
  if (!voice) return;
  bool live = false;
  {
    Lock lock(mutex_);
    live = upstream_live_;
  }
  // Live speech goes on in the old voice while the new one is read.
  if (!in_order || live) return request_voice(voice);
  Item item;
  item.kind = Kind::kVoice;
  item.voice = voice;
  push_item(std::move(item));
}

bool VcStream::sink_query(GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_ALLOCATION:
      return false;
    case GST_QUERY_DRAIN:
      end_stretch();
      return wait_until_drained();
    default:
      return gst_pad_query_default(sink_pad_, GST_OBJECT(element_), query);
  }
}

bool VcStream::wait_until_drained() {
  Lock lock(mutex_);
  changed_.wait(lock,
                [this] { return flushing_ || flow_ != GST_FLOW_OK || (queue_.empty() && !busy_); });
  return !flushing_ && flow_ == GST_FLOW_OK;
}

}  // namespace chatterbox::gst
