// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Text on the sink pad of chatterboxtts: from bytes to utterances in the queue.
#include <utility>

#include "chatterbox/plain_text.h"
#include "common.h"
#include "markup.h"
#include "ssml.h"
#include "tts_metas.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

// Utterances that wait before upstream has to.
constexpr std::size_t kMaxQueued = 8;
// An SSML document that does not end is read in parts of this size.
constexpr std::size_t kMaxDocumentBytes = 1 << 20;
constexpr std::string_view kDocumentEnd = "</speak>";

}  // namespace

bool TtsStream::is_timed(GstClockTime timestamp, Timing timing) const {
  return in_segment_.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(timestamp) &&
         (timing == Timing::kAuto || timing == Timing::kInput);
}

GstFlowReturn TtsStream::chain(OwnedBuffer buffer, bool whole) {
  look_upstream();
  const TtsSettings settings = this->settings();
  const std::shared_ptr<GstBuffer> source(buffer.release(), gst_buffer_unref);
  const BufferMap map(source.get(), GST_MAP_READ);
  if (!map) return GST_FLOW_OK;
  const std::string_view bytes(reinterpret_cast<const char*>(map.data()), map.size());
  const GstStructure* meta = speech_meta_of(source.get());

  Lock lock(mutex_);
  if (flushing_) return GST_FLOW_FLUSHING;
  if (flow_ != GST_FLOW_OK) return flow_;
  // A meta holds for its buffer alone, whose text then stands alone too.
  if (meta) push_tail(lock);
  meta_choice_ = choice_of(meta);
  meta_speaker_ = text_field(meta, "speaker");
  source_ = source;

  const GstClockTime timestamp = GST_BUFFER_PTS(source.get());
  const bool timed = is_timed(timestamp, settings.effective_timing());
  std::string text = reader_.read(bytes);
  const bool is_cue = settings.accumulate == Accumulate::kCue ||
                      (settings.accumulate == Accumulate::kAuto && (timed || whole));
  if (is_cue) {
    text += reader_.finish();
    if (settings.skip_lyrics) text = without_lyrics(text);
    push_cue(lock, text, timed ? timestamp : GST_CLOCK_TIME_NONE,
             timed ? GST_BUFFER_DURATION(source.get()) : GST_CLOCK_TIME_NONE);
  } else {
    segmenter_.set_eager(upstream_live_ || settings.force_live);
    segmenter_.set_max_characters(settings.max_chars);
    segmenter_.set_plain(!settings.read_signs);
    push_text(lock, text, timed ? timestamp : GST_CLOCK_TIME_NONE);
    const bool complete = meta || whole || settings.accumulate == Accumulate::kNone;
    if (std::exchange(drain_requested_, false) || complete) push_tail(lock);
  }
  source_ = nullptr;
  meta_choice_ = {};
  meta_speaker_.clear();
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
bool TtsStream::push_utterance(Lock& lock, Script script, GstClockTime timestamp,
                               GstClockTime duration) {
  if (!is_speakable(script)) return true;
  const std::uint64_t epoch = epoch_;
  const auto dropped = [&] { return flushing_ || epoch_ != epoch || flow_ != GST_FLOW_OK; };
  waiting_for_room_ = true;
  changed_.wait(lock, [&] { return dropped() || queued_utterances_ < kMaxQueued; });
  waiting_for_room_ = false;
  if (dropped()) return false;
  add_utterance(std::move(script), timestamp, duration);
  return true;
}

void TtsStream::add_utterance(Script script, GstClockTime timestamp, GstClockTime duration) {
  if (!is_speakable(script)) return;
  Utterance utterance;
  utterance.id = next_id_++;
  utterance.epoch = epoch_;
  utterance.text = plain_text(script);
  utterance.script = limit_parts(std::move(script));
  utterance.timestamp = timestamp;
  utterance.duration = duration;
  utterance.speaker = meta_speaker_.empty() ? speaker_ : meta_speaker_;
  utterance.event_choice = event_choice_;
  utterance.meta_choice = meta_choice_;
  utterance.source = source_;
  GST_DEBUG_OBJECT(element_, "utterance %" G_GUINT64_FORMAT " at %" GST_TIME_FORMAT ", %zu bytes",
                   utterance.id, GST_TIME_ARGS(timestamp), utterance.text.size());
  queue_.push_back({nullptr, std::move(utterance)});
  ++queued_utterances_;
  changed_.notify_all();
}

// Running text, cut into sentences across buffers.
void TtsStream::push_text(Lock& lock, const std::string& text, GstClockTime timestamp) {
  last_text_ = std::chrono::steady_clock::now();
  buffer_time_ = timestamp;
  changed_.notify_all();
  if (format_ == TextFormat::kSsml) {
    document_ += text;
    text_time_ = timestamp;
    push_documents(lock, false);
    return;
  }
  if (!segmenter_.has_pending()) text_time_ = timestamp;
  segmenter_.feed(format_ == TextFormat::kPango ? strip_markup(text) : text);
  push_sentences(lock);
}

bool TtsStream::push_sentences(Lock& lock) {
  const TtsSettings settings = this->settings();
  while (true) {
    // The first words after silence need not wait for the rest of the sentence.
    const bool silent = queued_utterances_ == 0 && !busy_;
    segmenter_.set_first_min_characters(silent ? settings.first_min_chars : 0);
    auto sentence = segmenter_.next();
    if (!sentence) return true;
    if (!push_utterance(lock, parse_pauses(*sentence), text_time_, GST_CLOCK_TIME_NONE))
      return false;
    // The next one begins in this buffer.
    text_time_ = buffer_time_;
  }
}

// SSML documents that are complete, or `all` that has come.
bool TtsStream::push_documents(Lock& lock, bool all) {
  while (true) {
    std::size_t end = document_.find(kDocumentEnd);
    const bool too_long = document_.size() > kMaxDocumentBytes;
    if (end != document_.npos)
      end += kDocumentEnd.size();
    else if (all || too_long)
      end = document_.size();
    else
      return true;
    const std::string document = document_.substr(0, end);
    document_.erase(0, end);
    if (normalize_spaces(document).empty()) return true;
    for (Script& script : split_into_sentences(read_document(document)))
      if (!push_utterance(lock, std::move(script), text_time_, GST_CLOCK_TIME_NONE)) return false;
  }
}

// The script in the document; of what is not well formed, the text.
Script TtsStream::read_document(const std::string& document) {
  if (auto script = parse_ssml(document)) return expand_pauses(*script);
  if (!std::exchange(warned_ssml_, true))
    GST_WARNING_OBJECT(element_, "SSML is not well formed; its text is spoken");
  return parse_pauses(strip_markup(document));
}

// What was not complete and never will be.
void TtsStream::push_tail(Lock& lock) {
  const std::string cut_off = reader_.finish();
  warn_about_bytes(lock);
  if (format_ == TextFormat::kSsml) {
    document_ += cut_off;
    push_documents(lock, true);
    return;
  }
  segmenter_.feed(cut_off);
  if (!push_sentences(lock)) return;
  if (auto rest = segmenter_.flush())
    push_utterance(lock, parse_pauses(*rest), text_time_, GST_CLOCK_TIME_NONE);
}

Script TtsStream::cue_script(const std::string& text) {
  if (format_ == TextFormat::kSsml) return read_document(text);
  Script script =
      format_ == TextFormat::kPango ? Script{{.text = strip_markup(text)}} : parse_cue(text);
  if (!settings().read_signs)
    for (ScriptPart& part : script)
      part.text = normalize_spaces(chatterbox::plain_text(part.text, /*titles=*/false));
  return expand_pauses(script);
}

void TtsStream::push_cue(Lock& lock, const std::string& text, GstClockTime timestamp,
                         GstClockTime duration) {
  if (GST_CLOCK_TIME_IS_VALID(timestamp) && GST_CLOCK_TIME_IS_VALID(duration)) {
    guint64 begin = timestamp, end = timestamp + duration;
    if (!gst_segment_clip(&in_segment_, GST_FORMAT_TIME, begin, end, &begin, &end)) return;
  }
  push_tail(lock);
  push_utterance(lock, cue_script(text), timestamp, duration);
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
  if (format_ == TextFormat::kSsml) {
    const std::string document = std::exchange(document_, {});
    if (normalize_spaces(document).empty()) return;
    for (Script& script : split_into_sentences(read_document(document)))
      add_utterance(std::move(script), text_time_, GST_CLOCK_TIME_NONE);
    return;
  }
  segmenter_.set_first_min_characters(0);
  while (auto sentence = segmenter_.next())
    add_utterance(parse_pauses(*sentence), text_time_, GST_CLOCK_TIME_NONE);
  if (auto rest = segmenter_.flush())
    add_utterance(parse_pauses(*rest), text_time_, GST_CLOCK_TIME_NONE);
}

}  // namespace chatterbox::gst
