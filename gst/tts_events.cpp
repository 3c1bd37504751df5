// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Events and queries on the sink pad of chatterboxtts.
#include <utility>

#include "common.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

bool TtsStream::push_event(OwnedEvent event) {
  Lock lock(mutex_);
  if (flushing_) return false;
  // Nobody takes it out of the queue any more; an end leaves all the same.
  if (flow_ == GST_FLOW_EOS && GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS) {
    lock.unlock();
    gst_pad_push_event(src_pad_, event.release());
    return true;
  }
  if (flow_ != GST_FLOW_OK) return false;
  queue_.push_back({std::move(event), std::nullopt});
  changed_.notify_all();
  return true;
}

bool TtsStream::sink_event(OwnedEvent event) {
  GST_DEBUG_OBJECT(sink_pad_, "%" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      flush_start(std::move(event));
      return true;
    case GST_EVENT_FLUSH_STOP:
      flush_stop(std::move(event));
      return true;
    case GST_EVENT_CAPS:
      take_caps(event.get());
      return true;
    case GST_EVENT_SEGMENT:
      return handle_segment(std::move(event));
    case GST_EVENT_TAG:
      event = take_tags(std::move(event));
      break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_EOS: {
      Lock lock(mutex_);
      received_ = true;
      push_tail(lock);
      break;
    }
    case GST_EVENT_CUSTOM_DOWNSTREAM:
    case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (handle_custom(event.get(), GST_EVENT_IS_SERIALIZED(event.get()))) return true;
      break;
    default:
      break;
  }
  if (GST_EVENT_IS_SERIALIZED(event.get())) return push_event(std::move(event));
  return gst_pad_push_event(src_pad_, event.release());
}

void TtsStream::take_caps(GstEvent* event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const char* format = gst_structure_get_string(structure, "format");
  Lock lock(mutex_);
  push_tail(lock);
  if (gst_structure_has_name(structure, "application/ssml+xml"))
    format_ = TextFormat::kSsml;
  else if (format && g_str_equal(format, "pango-markup"))
    format_ = TextFormat::kPango;
  else
    format_ = TextFormat::kPlain;
}

// Tags of the text, as tags of its speech.
OwnedEvent TtsStream::take_tags(OwnedEvent event) {
  GstTagList* list = nullptr;
  gst_event_parse_tag(event.get(), &list);
  gchar* code = nullptr;
  const std::string chosen = settings().language;
  GstTagList* speech = gst_tag_list_copy(list);
  gst_tag_list_remove_tag(speech, GST_TAG_SUBTITLE_CODEC);
  Lock lock(mutex_);
  if (gst_tag_list_get_string(list, GST_TAG_LANGUAGE_CODE, &code)) upstream_language_ = code;
  g_free(code);
  if (chosen != "auto" || !upstream_language_.empty()) {
    const std::string& language = chosen != "auto" ? chosen : upstream_language_;
    gst_tag_list_add(speech, GST_TAG_MERGE_REPLACE, GST_TAG_LANGUAGE_CODE, language.c_str(),
                     nullptr);
  }
  OwnedEvent tags(gst_event_new_tag(speech));
  gst_event_set_seqnum(tags.get(), gst_event_get_seqnum(event.get()));
  return tags;
}

// The segment of the output: upstream's where it counts time, with an open end
// because speech may be longer than its cue; else one that begins at 0.
bool TtsStream::handle_segment(OwnedEvent event) {
  look_upstream();
  const bool clip = settings().overflow == Overflow::kClip;
  GstSegment segment;
  gst_event_copy_segment(event.get(), &segment);
  if (!accept_rate(element_, segment)) return false;
  {
    Lock lock(mutex_);
    push_tail(lock);
    // One file of text after the other: time goes on.
    const bool same = segment.format != GST_FORMAT_TIME && segment.format == in_segment_.format;
    in_segment_ = segment;
    if (same) return true;
  }
  if (segment.format != GST_FORMAT_TIME) {
    gst_segment_init(&segment, GST_FORMAT_TIME);
  } else if (!clip) {
    segment.stop = GST_CLOCK_TIME_NONE;
  }
  OwnedEvent converted(gst_event_new_segment(&segment));
  gst_event_set_seqnum(converted.get(), gst_event_get_seqnum(event.get()));
  return push_event(std::move(converted));
}

bool TtsStream::command(GstEvent* event) {
  return handle_custom(event, false) || gst_event_has_name(event, "chatterbox/speaker-voice");
}

// True for those that end here. `in_order`: it came between the text before it
// and the text after it.
bool TtsStream::handle_custom(GstEvent* event, bool in_order) {
  const GstStructure* fields = gst_event_get_structure(event);
  if (gst_event_has_name(event, "chatterbox/interrupt")) {
    gboolean flush = TRUE;
    gst_structure_get_boolean(fields, "flush", &flush);
    interrupt(flush);
    return true;
  }
  if (gst_event_has_name(event, "chatterbox/drain")) {
    drain();
    return true;
  }
  if (gst_event_has_name(event, "chatterbox/voice")) {
    // Text that came before is spoken as it was meant.
    Lock lock(mutex_);
    if (in_order) push_tail(lock);
    event_choice_ = choice_of(fields);
    speaker_ = text_field(fields, "speaker");
    return true;
  }
  if (gst_event_has_name(event, "chatterbox/speaker-voice")) set_speaker_voice(fields);
  // A transcriber upstream says that a sentence is over.
  if (gst_event_has_name(event, "rstranscribe/final-transcript")) drain();
  if (gst_event_has_name(event, "rstranscribe/speaker-change")) {
    drain();
    Lock lock(mutex_);
    speaker_ = text_field(fields, "speaker");
  }
  return false;
}

// A cloner has a voice for a speaker, or for whoever speaks.
void TtsStream::set_speaker_voice(const GstStructure* fields) {
  const std::string voice = text_field(fields, "voice");
  const std::string speaker = text_field(fields, "speaker");
  if (voice.empty()) return;
  Lock lock(mutex_);
  if (speaker.empty())
    event_choice_.voice = voice;
  else
    speaker_voices_[speaker_key(speaker)] = voice;
}

bool TtsStream::sink_query(GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_ALLOCATION:
      return false;
    case GST_QUERY_DRAIN:
      return wait_until_drained();
    default:
      return gst_pad_query_default(sink_pad_, GST_OBJECT(element_), query);
  }
}

bool TtsStream::wait_until_drained() {
  Lock lock(mutex_);
  push_tail(lock);
  changed_.wait(lock,
                [this] { return flushing_ || flow_ != GST_FLOW_OK || (queue_.empty() && !busy_); });
  return !flushing_ && flow_ == GST_FLOW_OK;
}

}  // namespace chatterbox::gst
