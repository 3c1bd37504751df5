// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "vc_input.h"

#include <utility>

#include "common.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

namespace chatterbox::gst {

namespace {

// Timestamps may be off by this much, and for this long, before they are
// believed.
constexpr GstClockTime kAlignThreshold = 40 * GST_MSECOND;
constexpr GstClockTime kDiscontWait = GST_SECOND;
// Items that wait before upstream has to, if it can.
constexpr std::size_t kMaxItems = 1000;

GstClockTime duration_of_heard(std::uint64_t samples) {
  return gst_util_uint64_scale(samples, GST_SECOND, Converter::kInputRateHz);
}

}  // namespace

void VcInput::reset() {
  input_ = {};
  align_ = nullptr;
  stream_ = {};
}

void VcInput::flush() {
  input_.reset();
  mark_discont();
  stream_ = {};
}

void VcInput::mark_discont() {
  if (align_) gst_audio_stream_align_mark_discont(align_.get());
}

bool VcInput::configure(GstCaps* caps) {
  GstAudioInfo info;
  if (!gst_audio_info_from_caps(&info, caps)) return false;
  if (GST_AUDIO_INFO_IS_VALID(&input_.info()) && gst_audio_info_is_equal(&info, &input_.info()))
    return true;
  end_stretch();
  GST_INFO_OBJECT(core_.sink_pad, "hears %" GST_PTR_FORMAT, caps);
  input_.configure(info);
  align_.reset(gst_audio_stream_align_new(info.rate, kAlignThreshold, kDiscontWait));
  return true;
}

GstFlowReturn VcInput::chain(OwnedBuffer buffer) {
  core_.upstream.look();
  if (!GST_AUDIO_INFO_IS_VALID(&input_.info())) return GST_FLOW_NOT_NEGOTIATED;
  if (stream_.segment.format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID(buffer.get())) {
    buffer.reset(gst_audio_buffer_clip(buffer.release(), &stream_.segment, input_.info().rate,
                                       input_.info().bpf));
    if (!buffer) return GST_FLOW_OK;
  }
  return take(std::move(buffer));
}

GstFlowReturn VcInput::take(OwnedBuffer buffer) {
  const auto frames = gst_buffer_get_size(buffer.get()) / gsize(input_.info().bpf);
  if (frames == 0) return GST_FLOW_OK;
  const bool timed = stream_.segment.format == GST_FORMAT_TIME;
  GstClockTime timestamp = timed ? GST_BUFFER_PTS(buffer.get()) : GST_CLOCK_TIME_NONE;
  bool broken = !stream_.in_stretch;
  if (GST_CLOCK_TIME_IS_VALID(timestamp)) {
    const bool marked = GST_BUFFER_IS_DISCONT(buffer.get()) ||
                        GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_RESYNC);
    broken |= gst_audio_stream_align_process(align_.get(), marked, timestamp, guint(frames),
                                             &timestamp, nullptr, nullptr) != FALSE;
  }
  if (!GST_CLOCK_TIME_IS_VALID(timestamp))
    timestamp = GST_CLOCK_TIME_IS_VALID(stream_.next_timestamp) ? stream_.next_timestamp : 0;

  if (broken) {
    end_stretch();
    // NONE is no timestamp either.
    const bool discont = stream_.next_timestamp != timestamp;
    const GstFlowReturn flow =
        push({.kind = Kind::kBegin, .timestamp = timestamp, .discont = discont});
    if (flow != GST_FLOW_OK) return flow;
    stream_.in_stretch = true;
  }
  VcItem speech{.kind = Kind::kSpeech, .timestamp = timestamp};
  if (!input_.add(buffer.get(), speech.samples)) {
    GST_WARNING_OBJECT(core_.sink_pad, "a buffer cannot be read: %" GST_PTR_FORMAT, buffer.get());
    return GST_FLOW_OK;
  }
  stream_.next_timestamp =
      timestamp + gst_util_uint64_scale(frames, GST_SECOND, input_.info().rate);
  return push(std::move(speech));
}

// Samples that resamplers hold back go before the end.
void VcInput::end_stretch() {
  if (!std::exchange(stream_.in_stretch, false)) return;
  VcItem rest{.kind = Kind::kSpeech, .timestamp = stream_.next_timestamp};
  input_.finish(rest.samples);
  input_.reset();
  if (push(std::move(rest)) == GST_FLOW_OK) push({.kind = Kind::kEnd});
}

// Waits for room when upstream can wait; else what waited longest makes room.
GstFlowReturn VcInput::push(VcItem item) {
  const VcSettings settings = core_.settings.get();
  const auto bound = gst_util_uint64_scale(settings.backlog(), Converter::kInputRateHz, GST_SECOND);
  const bool is_speech = item.kind == Kind::kSpeech;
  GstClockTime discarded = 0, timestamp = GST_CLOCK_TIME_NONE;
  {
    Lock lock = core_.queue.lock();
    const auto is_full = [&] { return is_speech && core_.waiting_samples() > bound; };
    const auto has_room = [&] {
      return core_.upstream.live() || (!is_full() && core_.queue.items().size() < kMaxItems);
    };
    if (core_.upstream.live() && is_full()) discarded = discard_backlog(timestamp);
    const GstFlowReturn flow = core_.queue.push(lock, std::move(item), has_room);
    if (flow != GST_FLOW_OK) return flow;
  }
  if (discarded > 0) report_overload(timestamp, discarded, settings.overload_policy);
  return GST_FLOW_OK;
}

// Speech that waits is not going to be converted. With the lock.
GstClockTime VcInput::discard_backlog(GstClockTime& timestamp) {
  std::uint64_t lost = 0;
  for (VcItem& item : core_.queue.items()) {
    if (item.kind != Kind::kSpeech) continue;
    if (lost == 0) timestamp = item.timestamp;
    item.kind = Kind::kLost;
    lost += item.samples.heard.size();
    item.samples.heard.clear();
  }
  // While the model is being loaded nobody expected more.
  if (!core_.converter()) return 0;
  const GstClockTime discarded = duration_of_heard(lost);
  core_.run.discarded += discarded;
  ++core_.run.overloads;
  return discarded;
}

void VcInput::report_overload(GstClockTime timestamp, GstClockTime discarded,
                              OverloadPolicy policy) {
  static const char* const names[] = {"silence", "drop", "passthrough"};
  const guint64 stream_time =
      gst_segment_to_stream_time(&stream_.segment, GST_FORMAT_TIME, timestamp);
  const guint64 running_time =
      gst_segment_to_running_time(&stream_.segment, GST_FORMAT_TIME, timestamp);
  guint64 count = 0, converted = 0, lost = 0;
  {
    Lock lock = core_.queue.lock();
    lost = core_.run.discarded;
    count = core_.run.overloads;
    converted = guint64(core_.run.conversion.seconds_converted * GST_SECOND);
  }
  GST_WARNING_OBJECT(core_.element,
                     "overload: %" GST_TIME_FORMAT " from %" GST_TIME_FORMAT " were not converted",
                     GST_TIME_ARGS(discarded), GST_TIME_ARGS(timestamp));
  GstMessage* qos = gst_message_new_qos(GST_OBJECT(core_.element), TRUE, running_time, stream_time,
                                        timestamp, discarded);
  gst_message_set_qos_stats(qos, GST_FORMAT_TIME, converted, lost);
  gst_element_post_message(core_.element, qos);
  GstStructure* report =
      gst_structure_new("chatterbox/overload", "timestamp", G_TYPE_UINT64, timestamp, "stream-time",
                        G_TYPE_UINT64, stream_time, "running-time", G_TYPE_UINT64, running_time,
                        "duration", G_TYPE_UINT64, discarded, "policy", G_TYPE_STRING,
                        names[int(policy)], "count", G_TYPE_UINT64, count, nullptr);
  post_fields(core_.element, report);
}

bool VcInput::event(OwnedEvent event) {
  GST_DEBUG_OBJECT(core_.sink_pad, "%" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event.get(), &caps);
      return configure(caps);
    }
    case GST_EVENT_SEGMENT:
      return handle_segment(std::move(event));
    case GST_EVENT_GAP:
      handle_gap(std::move(event));
      return true;
    case GST_EVENT_STREAM_START:
      core_.task.begin_again();
      end_stretch();
      break;
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_EOS:
      end_stretch();
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (gst_event_has_name(event.get(), "chatterbox/voice"))
        handle_voice(event.get(), "voice", true);
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
      if (gst_event_has_name(event.get(), "chatterbox/speaker-voice"))
        handle_voice(event.get(), "voice", false);
      if (gst_event_has_name(event.get(), "elevenlabs/speaker-voice"))
        handle_voice(event.get(), "voice-id", false);
      break;
    default:
      break;
  }
  if (!GST_EVENT_IS_SERIALIZED(event.get()))
    return gst_pad_push_event(core_.src_pad, event.release());
  return push({.event = std::move(event)}) == GST_FLOW_OK;
}

// Time that is counted stays; other formats become a count from 0.
bool VcInput::handle_segment(OwnedEvent event) {
  core_.upstream.refresh();
  GstSegment segment;
  gst_event_copy_segment(event.get(), &segment);
  if (!accept_rate(core_.element, segment)) return false;
  GstSegment known = stream_.segment;
  known.position = segment.position;
  // A segment that says what is known only tells where upstream is.
  if (segment.format == stream_.segment.format && gst_segment_is_equal(&known, &segment)) {
    stream_.segment = segment;
    return true;
  }
  end_stretch();
  stream_.segment = segment;
  if (segment.format != GST_FORMAT_TIME) {
    segment = empty_segment(GST_FORMAT_TIME);
    stream_.next_timestamp = 0;
  } else {
    stream_.next_timestamp = GST_CLOCK_TIME_NONE;
  }
  mark_discont();
  core_.task.begin_again();
  OwnedEvent converted(gst_event_new_segment(&segment));
  gst_event_set_seqnum(converted.get(), gst_event_get_seqnum(event.get()));
  return push({.event = std::move(converted)}) == GST_FLOW_OK;
}

// Pending speech comes out before the gap.
void VcInput::handle_gap(OwnedEvent event) {
  GstClockTime timestamp, duration;
  gst_event_parse_gap(event.get(), &timestamp, &duration);
  end_stretch();
  mark_discont();
  if (GST_CLOCK_TIME_IS_VALID(duration)) stream_.next_timestamp = timestamp + duration;
  push({.event = std::move(event)});
}

// The voice in the event's field: of what comes after it, or, out of band, as soon as it can be.
void VcInput::handle_voice(GstEvent* event, const char* field, bool in_order) {
  const char* voice = gst_structure_get_string(gst_event_get_structure(event), field);
  if (!voice || !is_known_voice(core_.element, voice)) return;
  // Live speech goes on in the old voice while the new one is read.
  if (!in_order || core_.upstream.live()) return core_.request_voice(voice);
  push({.kind = Kind::kVoice, .voice = voice});
}

bool VcInput::query(GstQuery* query) {
  return core_.answer_upstream(query, [this] { end_stretch(); });
}

}  // namespace chatterbox::gst
