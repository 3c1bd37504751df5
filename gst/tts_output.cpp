// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// What chatterboxtts pushes: events, caps, buffers, gaps, and when.
#include <utility>

#include "common.h"
#include "src_caps.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

// What Chatterbox models speak unless somebody knows better.
constexpr const char* kModelLanguage = "en";

}  // namespace

GstFlowReturn TtsStream::handle(OwnedEvent event) {
  GST_DEBUG_OBJECT(src_pad_, "%" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_STREAM_START:
      ended_ = nullptr;
      tagged_ = false;
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
  const Timing timing = settings().effective_timing();
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
  push_language();
  return GST_FLOW_OK;
}

// Players show and choose streams by language.
void TtsStream::push_language() {
  if (std::exchange(tagged_, true)) return;
  std::string language = settings().language;
  if (language == "auto") {
    Lock lock(mutex_);
    if (!upstream_language_.empty()) return;  // its tags go through
    language = kModelLanguage;
  }
  GstEvent* event =
      gst_event_new_tag(gst_tag_list_new(GST_TAG_LANGUAGE_CODE, language.c_str(), nullptr));
  gst_pad_push_event(src_pad_, event);
}

GstFlowReturn TtsStream::negotiate() {
  const OwnedCaps caps = choose_speech_caps(src_pad_);
  if (!caps) return must_stop() ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
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

// With `speaking`, what is pushed is part of that utterance.
SpeechOutput::Push TtsStream::pusher(Speaking* speaking) {
  return [this, speaking](OwnedBuffer buffer, std::span<const SpokenWord> words) {
    if (speaking) prepare(*speaking, buffer.get(), words);
    return push(std::move(buffer));
  };
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
  GstClockTime behind = settings.latency();
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

}  // namespace chatterbox::gst
