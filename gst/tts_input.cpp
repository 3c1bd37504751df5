// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Sink pad of chatterboxtts: text to utterances, everything in order into the
// queue.
#include <utility>

#include "common.h"
#include "markup.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_debug

namespace chatterbox::gst {

namespace {

// Utterances that wait before upstream has to.
constexpr std::size_t kMaxQueued = 8;
// A cue longer than this is said in parts: the engine takes 5000 characters.
constexpr std::size_t kMaxCueBytes = 4000;

}  // namespace

bool TtsStream::is_timed(GstClockTime timestamp, Timing timing) const {
  return in_segment_.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(timestamp) &&
         (timing == Timing::kAuto || timing == Timing::kInput);
}

GstFlowReturn TtsStream::chain(OwnedBuffer buffer) {
  look_upstream();
  const TtsSettings settings = this->settings();
  const BufferMap map(buffer.get(), GST_MAP_READ);
  if (!map) return GST_FLOW_OK;
  const std::string_view bytes(reinterpret_cast<const char*>(map.data()), map.size());

  Lock lock(mutex_);
  if (flushing_) return GST_FLOW_FLUSHING;
  if (flow_ != GST_FLOW_OK) return flow_;
  const GstClockTime timestamp = GST_BUFFER_PTS(buffer.get());
  const GstClockTime duration = GST_BUFFER_DURATION(buffer.get());
  std::string text = reader_.read(bytes);
  if (is_timed(timestamp, settings.timing)) {
    text += reader_.finish();
    push_cue(lock, std::move(text), timestamp, duration);
  } else {
    segmenter_.set_eager(upstream_live_ || settings.force_live);
    segmenter_.feed(markup_ ? strip_markup(text) : text);
    last_text_ = std::chrono::steady_clock::now();
    changed_.notify_all();
    push_sentences(lock);
    if (std::exchange(drain_requested_, false)) push_tail(lock);
  }
  warn_about_bytes(lock);
  return flushing_ ? GST_FLOW_FLUSHING : flow_;
}

void TtsStream::warn_about_bytes(Lock& lock) {
  if (!reader_.take_invalid() || std::exchange(warned_bytes_, true)) return;
  lock.unlock();
  GST_ELEMENT_WARNING(element_, STREAM, DECODE, ("The text is not valid UTF-8."),
                      ("Bytes that are not UTF-8 are replaced by U+FFFD."));
  lock.lock();
}

void TtsStream::look_upstream() {
  {
    Lock lock(mutex_);
    received_ = true;
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

// Waits for room. False when the text must be forgotten: a flush, an
// interruption or the end of the stream came in between.
bool TtsStream::push_utterance(Lock& lock, std::string text, GstClockTime timestamp,
                               GstClockTime duration) {
  const std::uint64_t epoch = epoch_;
  const auto dropped = [&] { return flushing_ || epoch_ != epoch || flow_ != GST_FLOW_OK; };
  waiting_for_room_ = true;
  changed_.wait(lock, [&] { return dropped() || queued_utterances_ < kMaxQueued; });
  waiting_for_room_ = false;
  if (dropped()) return false;
  add_utterance(std::move(text), timestamp, duration);
  return true;
}

void TtsStream::add_utterance(std::string text, GstClockTime timestamp, GstClockTime duration) {
  Utterance utterance;
  utterance.id = next_id_++;
  utterance.epoch = epoch_;
  utterance.text = std::move(text);
  utterance.timestamp = timestamp;
  utterance.duration = duration;
  GST_DEBUG_OBJECT(element_, "utterance %" G_GUINT64_FORMAT " at %" GST_TIME_FORMAT ", %zu bytes",
                   utterance.id, GST_TIME_ARGS(timestamp), utterance.text.size());
  queue_.push_back({nullptr, std::move(utterance)});
  ++queued_utterances_;
  changed_.notify_all();
}

bool TtsStream::push_sentences(Lock& lock) {
  while (auto sentence = segmenter_.next())
    if (!push_utterance(lock, std::move(*sentence), GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE))
      return false;
  return true;
}

// What was not complete and never will be.
void TtsStream::push_tail(Lock& lock) {
  segmenter_.feed(reader_.finish());
  warn_about_bytes(lock);
  if (!push_sentences(lock)) return;
  if (auto rest = segmenter_.flush())
    push_utterance(lock, std::move(*rest), GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE);
}

void TtsStream::push_cue(Lock& lock, std::string text, GstClockTime timestamp,
                         GstClockTime duration) {
  if (GST_CLOCK_TIME_IS_VALID(duration)) {
    guint64 begin = timestamp, end = timestamp + duration;
    if (!gst_segment_clip(&in_segment_, GST_FORMAT_TIME, begin, end, &begin, &end)) return;
  }
  push_tail(lock);
  text = normalize_spaces(markup_ ? strip_markup(text) : strip_cue_tags(text));
  while (text.size() > kMaxCueBytes) {
    std::size_t end = text.rfind(' ', kMaxCueBytes);
    if (end == text.npos || end == 0) {
      end = kMaxCueBytes;
      while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    }
    const std::string part = text.substr(0, end);
    if (is_speakable(part) && !push_utterance(lock, part, timestamp, duration)) return;
    text.erase(0, end);
  }
  if (is_speakable(text)) push_utterance(lock, std::move(text), timestamp, duration);
}

bool TtsStream::push_event(OwnedEvent event) {
  Lock lock(mutex_);
  if (flushing_) return false;
  if (flow_ != GST_FLOW_OK && flow_ != GST_FLOW_EOS) return false;
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
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event.get(), &caps);
      const char* format = gst_structure_get_string(gst_caps_get_structure(caps, 0), "format");
      Lock lock(mutex_);
      push_tail(lock);
      markup_ = format && g_str_equal(format, "pango-markup");
      return true;
    }
    case GST_EVENT_SEGMENT:
      return handle_segment(std::move(event));
    case GST_EVENT_STREAM_START:
    case GST_EVENT_EOS: {
      Lock lock(mutex_);
      received_ = true;
      push_tail(lock);
      break;
    }
    case GST_EVENT_CUSTOM_DOWNSTREAM:
    case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (handle_custom(event.get())) return true;
      break;
    default:
      break;
  }
  if (GST_EVENT_IS_SERIALIZED(event.get())) return push_event(std::move(event));
  return gst_pad_push_event(src_pad_, event.release());
}

// The segment of the output: upstream's where it counts time, with an open end
// because speech may be longer than its cue; else one that begins at 0.
bool TtsStream::handle_segment(OwnedEvent event) {
  look_upstream();
  const bool clip = settings().overflow == Overflow::kClip;
  GstSegment segment;
  gst_event_copy_segment(event.get(), &segment);
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

// True for those that end here.
bool TtsStream::handle_custom(GstEvent* event) {
  if (gst_event_has_name(event, "chatterbox/interrupt")) {
    gboolean flush = TRUE;
    gst_structure_get_boolean(gst_event_get_structure(event), "flush", &flush);
    interrupt(flush);
    return true;
  }
  if (gst_event_has_name(event, "chatterbox/drain")) {
    drain();
    return true;
  }
  // A transcriber upstream says that a sentence is over.
  if (gst_event_has_name(event, "rstranscribe/final-transcript") ||
      gst_event_has_name(event, "rstranscribe/speaker-change"))
    drain();
  return false;
}

void TtsStream::drain() {
  Lock lock(mutex_);
  take_pending_text();
}

// Queues what was not complete, without waiting for room. Does nothing but
// leave word when the streaming thread is about to queue text before it.
void TtsStream::take_pending_text() {
  drain_requested_ = waiting_for_room_;
  if (waiting_for_room_) return;
  while (auto sentence = segmenter_.next())
    add_utterance(std::move(*sentence), GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE);
  if (auto rest = segmenter_.flush())
    add_utterance(std::move(*rest), GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE);
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
