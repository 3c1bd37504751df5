// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text_sink.h"

#include <utility>

#include "common.h"
#include "tts_metas.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

// Utterances, and items of the queue in all, that wait before upstream has to.
constexpr std::size_t kMaxUtterances = 8;
constexpr std::size_t kMaxItems = 64;
// Utterances that an application may say ahead: it is not made to wait.
constexpr std::size_t kMaxSaid = 1000;

TextInput::Rules rules_for(const TextSettings& settings, bool live) {
  return {live, settings.max_chars, settings.first_min_chars, !settings.read_signs,
          settings.skip_lyrics};
}

}  // namespace

bool TextSink::has_room() const {
  return core_.waiting_utterances() < kMaxUtterances && core_.queue.items().size() < kMaxItems;
}

GstFlowReturn TextSink::chain(OwnedBuffer buffer, bool whole) {
  core_.upstream.look();
  const TtsSettings settings = core_.settings.get();
  const std::shared_ptr<GstBuffer> source(buffer.release(), gst_buffer_unref);
  const BufferMap map(source.get(), GST_MAP_READ);
  if (!map) return GST_FLOW_OK;
  const std::string_view bytes(reinterpret_cast<const char*>(map.data()), map.size());
  const bool has_meta = speech_meta_of(source.get()) != nullptr;

  Lock lock = core_.queue.lock();
  TtsRun& run = core_.run;
  run.received = true;
  if (!core_.queue.accepts()) return core_.queue.flow();
  // A meta holds for its buffer alone, whose text then stands alone too.
  if (has_meta) push_tail(lock);
  run.input.set_rules(rules_for(settings.text, core_.is_live()));

  TextInput::Time time{GST_BUFFER_PTS(source.get()), GST_BUFFER_DURATION(source.get())};
  const bool timed = core_.is_timed(time.timestamp, settings.timing.effective_timing());
  if (!timed) time = {};
  const bool is_cue = settings.text.accumulate == Accumulate::kCue ||
                      (settings.text.accumulate == Accumulate::kAuto && (timed || whole));
  if (is_cue) push_tail(lock);
  run.input.set_buffer(source);
  if (is_cue) {
    const bool bounded =
        GST_CLOCK_TIME_IS_VALID(time.timestamp) && GST_CLOCK_TIME_IS_VALID(time.duration);
    if (!bounded || gst_segment_clip(&run.in_segment, GST_FORMAT_TIME, time.timestamp,
                                     time.timestamp + time.duration, nullptr, nullptr))
      run.input.feed_cue(bytes, time);
  } else {
    run.input.feed(bytes, time.timestamp);
  }
  GstFlowReturn flow = push_utterances(lock);
  const bool complete = has_meta || whole || settings.text.accumulate == Accumulate::kNone;
  if (flow == GST_FLOW_OK && !is_cue && complete) {
    run.input.end();
    flow = push_utterances(lock);
  }
  run.input.set_buffer(nullptr);
  warn_about_bytes(lock);
  return flow == GST_FLOW_OK ? core_.queue.flow() : flow;
}

// Waits for room for each. An interruption forgets what waits, which upstream does not notice.
GstFlowReturn TextSink::push_utterances(Lock& lock) {
  TtsRun& run = core_.run;
  const auto silent = [&] { return core_.waiting_utterances() == 0 && !core_.queue.busy(); };
  while (run.input.has_next(silent())) {
    core_.queue.wait(lock, [&] { return !core_.queue.accepts() || has_room(); });
    if (!core_.queue.accepts()) return core_.queue.flow();
    if (run.input.has_next(silent())) core_.enqueue(run.input.next());
  }
  return GST_FLOW_OK;
}

// The incomplete text, which nothing completes any more.
void TextSink::push_tail(Lock& lock) {
  core_.run.input.end();
  warn_about_bytes(lock);
  push_utterances(lock);
}

void TextSink::warn_about_bytes(Lock& lock) {
  if (!core_.run.input.take_invalid() || std::exchange(core_.run.warned_bytes, true)) return;
  lock.unlock();
  GST_ELEMENT_WARNING(core_.element, STREAM, DECODE, ("The text is not valid UTF-8."),
                      ("Bytes that are not UTF-8 are replaced by U+FFFD."));
  lock.lock();
}

bool TextSink::push_event(OwnedEvent event) {
  const GstEventType type = GST_EVENT_TYPE(event.get());
  if (type == GST_EVENT_STREAM_START || type == GST_EVENT_SEGMENT) core_.task.begin_again();
  Lock lock = core_.queue.lock();
  const auto has_place = [this] { return core_.queue.items().size() < kMaxItems; };
  // Nobody takes it out of the queue any more; an end leaves all the same.
  if (core_.queue.flow() == GST_FLOW_EOS && type == GST_EVENT_EOS) {
    lock.unlock();
    gst_pad_push_event(core_.src_pad, event.release());
    return true;
  }
  return core_.queue.push(lock, {std::move(event)}, has_place) == GST_FLOW_OK;
}

bool TextSink::event(OwnedEvent event) {
  GST_DEBUG_OBJECT(core_.sink_pad, "%" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event.get(), &caps);
      Lock lock = core_.queue.lock();
      push_tail(lock);
      core_.run.input.set_caps(caps);
      return true;
    }
    case GST_EVENT_SEGMENT:
      return handle_segment(std::move(event));
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_EOS: {
      Lock lock = core_.queue.lock();
      core_.run.received = true;
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
  return gst_pad_push_event(core_.src_pad, event.release());
}

// The segment of the output: upstream's where it counts time, with an open end
// because speech may be longer than its cue; else one that begins at 0.
bool TextSink::handle_segment(OwnedEvent event) {
  core_.upstream.refresh();
  const bool clip = core_.settings.get(&TtsSettings::timing).overflow == Overflow::kClip;
  GstSegment segment;
  gst_event_copy_segment(event.get(), &segment);
  if (!accept_rate(core_.element, segment)) return false;
  {
    Lock lock = core_.queue.lock();
    core_.run.received = true;
    push_tail(lock);
    // One file of text after the other: time goes on.
    GstSegment& known = core_.run.in_segment;
    const bool same = segment.format != GST_FORMAT_TIME && segment.format == known.format;
    known = segment;
    if (same) return true;
  }
  if (segment.format != GST_FORMAT_TIME)
    segment = empty_segment(GST_FORMAT_TIME);
  else if (!clip)
    segment.stop = GST_CLOCK_TIME_NONE;
  OwnedEvent converted(gst_event_new_segment(&segment));
  gst_event_set_seqnum(converted.get(), gst_event_get_seqnum(event.get()));
  return push_event(std::move(converted));
}

bool TextSink::command(GstEvent* event) {
  return handle_custom(event, false) || gst_event_has_name(event, "chatterbox/speaker-voice");
}

// True for those that end here. `in_order`: it came between the text before it
// and the text after it.
bool TextSink::handle_custom(GstEvent* event, bool in_order) {
  const GstStructure* fields = gst_event_get_structure(event);
  if (gst_event_has_name(event, "chatterbox/interrupt")) {
    gboolean flush = TRUE;
    gst_structure_get_boolean(fields, "flush", &flush);
    interrupt_(flush);
    return true;
  }
  if (gst_event_has_name(event, "chatterbox/drain")) {
    drain();
    return true;
  }
  if (gst_event_has_name(event, "chatterbox/voice")) {
    SpeechChoice choice = choice_of(fields);
    const bool known = !choice.voice || is_known_voice(core_.element, choice.voice->c_str());
    // Text that came before is spoken as it was meant.
    Lock lock = core_.queue.lock();
    if (in_order) push_tail(lock);
    if (!known) choice.voice = core_.run.input.choice().voice;
    core_.run.input.set_choice(choice);
    core_.run.input.set_speaker(text_field(fields, "speaker"));
    return true;
  }
  // A cloner has a voice for one speaker, or for all.
  if (gst_event_has_name(event, "chatterbox/speaker-voice")) set_speaker_voice(fields, "voice");
  if (gst_event_has_name(event, "elevenlabs/speaker-voice")) set_speaker_voice(fields, "voice-id");
  // A transcriber upstream says that a sentence is over.
  if (gst_event_has_name(event, "rstranscribe/final-transcript")) drain();
  if (gst_event_has_name(event, "rstranscribe/speaker-change")) {
    drain();
    Lock lock = core_.queue.lock();
    core_.run.input.set_speaker(text_field(fields, "speaker"));
  }
  return false;
}

void TextSink::set_speaker_voice(const GstStructure* fields, const char* voice_field) {
  const std::string voice = text_field(fields, voice_field);
  const std::string speaker = text_field(fields, "speaker");
  if (voice.empty() || !is_known_voice(core_.element, voice.c_str())) return;
  Lock lock = core_.queue.lock();
  if (speaker.empty())
    core_.run.input.set_voice(voice);
  else
    core_.run.speaker_voices[speaker_key(speaker)] = voice;
}

bool TextSink::query(GstQuery* query) {
  return core_.answer_upstream(query, [this] {
    Lock lock = core_.queue.lock();
    push_tail(lock);
  });
}

void TextSink::drain() {
  Lock lock = core_.queue.lock();
  if (core_.queue.accepts()) core_.queue_text();
}

bool TextSink::say(const std::string& text) {
  const bool live = core_.settings.get(&TtsSettings::timing).force_live;
  Lock lock = core_.queue.lock();
  TtsRun& run = core_.run;
  if (!core_.queue.accepts() || run.ended || core_.waiting_utterances() >= kMaxSaid) return false;
  // Speaks before an end that waits.
  auto& items = core_.queue.items();
  TtsItem end;
  if (!items.empty() && items.back().event &&
      GST_EVENT_TYPE(items.back().event.get()) == GST_EVENT_EOS) {
    end = std::move(items.back());
    items.pop_back();
  } else if (run.text_source && !live) {
    return false;
  }
  core_.queue_text();
  queue_whole(text);
  if (end.event) items.push_back(std::move(end));
  return true;
}

// All of the text, complete or not. With the lock.
void TextSink::queue_whole(const std::string& text) {
  core_.run.input.set_rules(rules_for(core_.settings.get(&TtsSettings::text), false));
  core_.run.input.feed(text, GST_CLOCK_TIME_NONE);
  core_.queue_text();
}

void TextSink::say_all(const std::string& text, bool and_end) {
  const GstSegment segment = empty_segment(GST_FORMAT_TIME);
  Lock lock = core_.queue.lock();
  core_.queue.items().push_back({OwnedEvent(gst_event_new_segment(&segment))});
  queue_whole(text);
  if (and_end) core_.queue.items().push_back({OwnedEvent(gst_event_new_eos())});
}

}  // namespace chatterbox::gst
