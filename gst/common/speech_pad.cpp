// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech_pad.h"

#include <utility>

#include "chatterbox/audio.h"
#include "common.h"

#define GST_CAT_DEFAULT gst_chatterbox_debug

namespace chatterbox::gst {

namespace {

// The stream-start of an audio stream, in the group of `text`, if there is one.
GstEvent* audio_stream_start(GstElement* element, GstPad* pad, GstEvent* text) {
  const OwnedString id(gst_pad_create_stream_id(pad, element, nullptr));
  guint group = 0;
  GstStreamFlags flags = GST_STREAM_FLAG_NONE;
  if (text) gst_event_parse_stream_flags(text, &flags);
  if (!text || !gst_event_parse_group_id(text, &group)) group = gst_util_group_id_next();
  GstEvent* event = gst_event_new_stream_start(id.get());
  GstStream* stream = gst_stream_new(id.get(), nullptr, GST_STREAM_TYPE_AUDIO, flags);
  gst_event_set_stream(event, stream);
  gst_object_unref(stream);
  gst_event_set_stream_flags(event, flags);
  gst_event_set_group_id(event, group);
  if (text) gst_event_set_seqnum(event, gst_event_get_seqnum(text));
  return event;
}

// The common format of the pad's template and its peer that suits speech best: 24 kHz or the rate
// next to it, S16 before F32. None when they have none in common.
OwnedCaps choose_caps(GstPad* pad) {
  const OwnedCaps ours(gst_pad_get_pad_template_caps(pad));
  const OwnedCaps theirs(gst_pad_peer_query_caps(pad, ours.get()));
  OwnedCaps caps(gst_caps_intersect_full(ours.get(), theirs.get(), GST_CAPS_INTERSECT_FIRST));
  if (gst_caps_is_empty(caps.get())) {
    GST_INFO_OBJECT(pad, "no common format with %" GST_PTR_FORMAT, theirs.get());
    return nullptr;
  }
  caps.reset(gst_caps_make_writable(gst_caps_truncate(caps.release())));
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  gst_structure_fixate_field_nearest_int(structure, "rate", kOutputRateHz);
  gst_structure_fixate_field_string(structure, "format", GST_AUDIO_NE(S16));
  return OwnedCaps(gst_caps_fixate(caps.release()));
}

}  // namespace

SpeechPad::SpeechPad(GstElement* element, GstPad* pad, StreamClock& clock,
                     std::function<bool()> must_stop)
    : element_(element), pad_(pad), clock_(clock), must_stop_(std::move(must_stop)) {}

void SpeechPad::reset() {
  clock_.reset();
  run_ = {};
  output_ = {};
}

void SpeechPad::flush() {
  clock_.reset();
  Owned<GstTagList> tags = std::move(run_.tags);
  run_ = {};
  run_.tags = std::move(tags);
  output_.reset();
}

void SpeechPad::restart(GstClockTime position, guint32 seqnum) {
  if (GST_CLOCK_TIME_IS_VALID(position)) output_.move_to(position);
  output_.mark_discont();
  clock_.move_to(output_.position());
  run_.need_segment = true;
  run_.seqnum = seqnum;
}

GstFlowReturn SpeechPad::prepare() {
  const OwnedEvent started(gst_pad_get_sticky_event(pad_, GST_EVENT_STREAM_START, 0));
  if (!started) gst_pad_push_event(pad_, audio_stream_start(element_, pad_, nullptr));
  if (gst_pad_check_reconfigure(pad_) || !output_.configured()) {
    const GstFlowReturn flow = negotiate();
    if (flow != GST_FLOW_OK) {
      gst_pad_mark_reconfigure(pad_);
      return flow;
    }
  }
  if (run_.need_segment) {
    GstEvent* event = gst_event_new_segment(&clock_.segment());
    if (run_.seqnum != GST_SEQNUM_INVALID) gst_event_set_seqnum(event, run_.seqnum);
    gst_pad_push_event(pad_, event);
    run_.need_segment = false;
  }
  return GST_FLOW_OK;
}

GstFlowReturn SpeechPad::negotiate() {
  const OwnedCaps caps = choose_caps(pad_);
  GstAudioInfo info;
  const auto impossible = [this] {
    return must_stop_() ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
  };
  if (!caps || !gst_audio_info_from_caps(&info, caps.get())) return impossible();
  if (output_.configured() && gst_audio_info_is_equal(&info, &output_.info()) &&
      gst_pad_has_current_caps(pad_))
    return GST_FLOW_OK;
  GST_INFO_OBJECT(pad_, "speaks %" GST_PTR_FORMAT, caps.get());
  // Speech under way ends in the old format.
  const bool speaking = output_.speaking();
  if (speaking) {
    const GstFlowReturn flow = output_.finish(pusher());
    if (flow != GST_FLOW_OK) return flow;
  }
  if (!output_.configure(info)) return GST_FLOW_NOT_NEGOTIATED;
  if (speaking) output_.begin();
  if (!gst_pad_push_event(pad_, gst_event_new_caps(caps.get())) && gst_pad_is_linked(pad_))
    return impossible();
  return GST_FLOW_OK;
}

void SpeechPad::start_stream(GstEvent* text) {
  run_.ended = nullptr;
  run_.tags = nullptr;
  gst_pad_push_event(pad_, audio_stream_start(element_, pad_, text));
}

GstFlowReturn SpeechPad::set_segment(GstEvent* event) {
  clock_.begin(event);
  run_.seqnum = gst_event_get_seqnum(event);
  run_.need_segment = true;
  output_.reset();
  output_.move_to(clock_.segment().start);
  output_.mark_discont();
  return prepare();
}

void SpeechPad::merge_tags(const GstTagList* tags) {
  run_.tags.reset(gst_tag_list_merge(run_.tags.get(), tags, GST_TAG_MERGE_REPLACE));
  gst_pad_push_event(pad_, gst_event_new_tag(gst_tag_list_copy(run_.tags.get())));
}

bool SpeechPad::has_tag(const char* tag) const {
  return run_.tags && gst_tag_list_get_tag_size(run_.tags.get(), tag) > 0;
}

GstFlowReturn SpeechPad::end(OwnedEvent eos) {
  const GstFlowReturn flow = prepare();
  if (flow != GST_FLOW_OK) return flow;
  run_.ended.reset(gst_event_ref(eos.get()));
  gst_pad_push_event(pad_, eos.release());
  return GST_FLOW_OK;
}

void SpeechPad::give_up(GstFlowReturn flow) {
  GST_DEBUG_OBJECT(pad_, "stops: %s", gst_flow_get_name(flow));
  if (flow == GST_FLOW_NOT_LINKED || (flow < GST_FLOW_EOS && flow != GST_FLOW_ERROR))
    GST_ELEMENT_FLOW_ERROR(element_, flow);
  if (flow == GST_FLOW_FLUSHING) return;
  // Encoders write at EOS, for which a stream must have begun, though nothing was spoken.
  if (flow == GST_FLOW_ERROR) prepare();
  OwnedEvent eos(gst_event_new_eos());
  if (run_.seqnum != GST_SEQNUM_INVALID) gst_event_set_seqnum(eos.get(), run_.seqnum);
  gst_pad_push_event(pad_, eos.release());
}

GstFlowReturn SpeechPad::push(OwnedBuffer buffer) {
  if (must_stop_()) return GST_FLOW_FLUSHING;
  clock_.move_to(GST_BUFFER_PTS(buffer.get()) + GST_BUFFER_DURATION(buffer.get()));
  GST_LOG_OBJECT(pad_, "%" GST_PTR_FORMAT, buffer.get());
  return gst_pad_push(pad_, buffer.release());
}

SpeechOutput::Push SpeechPad::pusher(Decorate decorate) {
  return [this, decorate = std::move(decorate)](OwnedBuffer buffer,
                                                std::span<const SpokenWord> words) {
    if (decorate) decorate(buffer.get(), words);
    return push(std::move(buffer));
  };
}

GstFlowReturn SpeechPad::advance_to(GstClockTime position, bool fill) {
  const GstClockTime from = output_.position();
  if (position > from) {
    if (fill) {
      const GstFlowReturn flow = output_.silence(position, pusher());
      if (flow != GST_FLOW_OK) return flow;
    } else {
      gst_pad_push_event(pad_, gst_event_new_gap(from, position - from));
    }
  }
  output_.move_to(position);
  clock_.move_to(output_.position());
  return GST_FLOW_OK;
}

}  // namespace chatterbox::gst
