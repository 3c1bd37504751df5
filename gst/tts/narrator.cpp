// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The task of chatterboxtts beside speaking: events, gaps, idle time.
#include "narrator.h"

#include <utility>

#include "common.h"
#include "neighbours.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

// Interval at which a live stream with nothing to say tells downstream that time went on.
constexpr std::chrono::milliseconds kIdleInterval{100};
// Time that nothing may be linked before the element says so: pads of a demuxer or decodebin may
// appear some time after the pipeline was started.
constexpr std::chrono::seconds kLinkPatience{5};
constexpr std::chrono::milliseconds kLinkInterval{250};
// Language of Chatterbox models unless a tag or a property names another.
constexpr const char* kModelLanguage = "en";

}  // namespace

GstFlowReturn Narrator::handle(TtsItem item) {
  return item.event ? pass_on(std::move(item.event)) : speak(*item.utterance);
}

// A live source is silent in PAUSED.
bool Narrator::holds(const TtsItem& item) const {
  return item.utterance && !core_.clock.playing() &&
         core_.settings.get(&TtsSettings::timing).force_live;
}

GstFlowReturn Narrator::idle(Lock& lock) {
  const TtsSettings settings = core_.settings.get();
  TtsRun& run = core_.run;
  const bool live = settings.timing.force_live || core_.upstream.live();
  const std::chrono::milliseconds max_wait(settings.text.max_wait_ms);
  // Text that came meanwhile may be enough for a listener who waits in silence.
  if (live && core_.queue.items().empty() && run.input.has_next(true)) {
    core_.enqueue(run.input.next());
    return GST_FLOW_OK;
  }
  // Live text whose sentence somebody forgot to end.
  if (live && core_.clock.playing() && max_wait.count() > 0 &&
      run.input.is_pending_since(max_wait)) {
    core_.queue_text();
    if (!core_.queue.items().empty()) return GST_FLOW_OK;
  }
  if (live && !core_.pad.ready()) {
    // Mixers and muxers wait for every stream to begin.
    const GstFlowReturn flow = unlocked(lock, [this] { return prepare(); });
    return flow == GST_FLOW_OK || core_.queue.stopping() ? GST_FLOW_OK : flow;
  }
  if (live && core_.clock.playing()) {
    if (core_.queue.wait_for(lock, kIdleInterval)) return GST_FLOW_OK;
    unlocked(lock, [this] { mark_idle_time(); });
    return GST_FLOW_OK;
  }
  if (run.text_source || live || gst_pad_is_linked(core_.sink_pad)) {
    if (run.text_source || live || core_.upstream.known()) {
      core_.queue.wait(lock);
      return GST_FLOW_OK;
    }
    unlocked(lock, [this] { core_.upstream.look(); });
    if (!core_.upstream.known()) core_.queue.wait_for(lock, kIdleInterval);
    return GST_FLOW_OK;
  }
  if (!run.received && (std::chrono::steady_clock::now() - run.begin > kLinkPatience ||
                        nothing_will_come(core_.element, core_.sink_pad))) {
    unlocked(lock, [this] { report_nothing_to_say(core_.element); });
    return GST_FLOW_ERROR;
  }
  core_.queue.wait_for(lock, kLinkInterval);
  return GST_FLOW_OK;
}

GstFlowReturn Narrator::pass_on(OwnedEvent event) {
  GST_DEBUG_OBJECT(core_.src_pad, "%" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_STREAM_START:
      core_.pad.start_stream(event.get());
      break;
    case GST_EVENT_SEGMENT:
      return core_.pad.set_segment(event.get());
    case GST_EVENT_TAG: {
      GstTagList* text = nullptr;
      gst_event_parse_tag(event.get(), &text);
      const Owned<GstTagList> speech(gst_tag_list_copy(text));
      gst_tag_list_remove_tag(speech.get(), GST_TAG_SUBTITLE_CODEC);
      gchar* code = nullptr;
      if (gst_tag_list_get_string(text, GST_TAG_LANGUAGE_CODE, &code)) {
        const OwnedString owned(code);
        Lock lock = core_.queue.lock();
        core_.run.upstream_language = code;
      }
      const std::string language = core_.settings.get(&TtsSettings::voice).language;
      if (language != "auto")
        gst_tag_list_add(speech.get(), GST_TAG_MERGE_REPLACE, GST_TAG_LANGUAGE_CODE,
                         language.c_str(), nullptr);
      core_.pad.merge_tags(speech.get());
      break;
    }
    case GST_EVENT_GAP:
      return pass_gap(event.get());
    case GST_EVENT_EOS: {
      {
        Lock lock = core_.queue.lock();
        core_.run.ended = true;
      }
      return core_.pad.end(std::move(event));
    }
    default:
      gst_pad_push_event(core_.src_pad, event.release());
      break;
  }
  return GST_FLOW_OK;
}

// A gap in the text is one in the speech only as far as it lies beyond the speech so far.
GstFlowReturn Narrator::pass_gap(GstEvent* event) {
  const Timing timing = core_.settings.get(&TtsSettings::timing).effective_timing();
  GstClockTime start, duration;
  gst_event_parse_gap(event, &start, &duration);
  {
    Lock lock = core_.queue.lock();
    if (!core_.is_timed(start, timing)) return GST_FLOW_OK;
  }
  const GstClockTime end = GST_CLOCK_TIME_IS_VALID(duration) ? start + duration : start;
  const GstFlowReturn flow = prepare();
  if (flow != GST_FLOW_OK || end <= core_.pad.output().position()) return flow;
  return advance_to(end);
}

// Players show and choose streams by language.
GstFlowReturn Narrator::prepare() {
  const GstFlowReturn flow = core_.pad.prepare();
  if (flow != GST_FLOW_OK || core_.pad.has_tag(GST_TAG_LANGUAGE_CODE)) return flow;
  std::string language = core_.settings.get(&TtsSettings::voice).language;
  if (language == "auto") language = kModelLanguage;
  const Owned<GstTagList> tags(gst_tag_list_new(GST_TAG_LANGUAGE_CODE, language.c_str(), nullptr));
  core_.pad.merge_tags(tags.get());
  return flow;
}

GstFlowReturn Narrator::advance_to(GstClockTime position) {
  const bool fill = core_.settings.get(&TtsSettings::timing).fill_gaps ||
                    (core_.is_live() && beside_muxer(core_.element));
  return core_.pad.advance_to(position, fill);
}

// Mixers and sinks wait for a stream that says nothing; this one tells them.
void Narrator::mark_idle_time() {
  if (!core_.pad.ready()) return;
  const GstClockTime now = core_.clock.now(core_.settings.get(&TtsSettings::timing).latency() +
                                           core_.upstream.latency());
  if (GST_CLOCK_TIME_IS_VALID(now) && now > core_.pad.output().position()) advance_to(now);
}

}  // namespace chatterbox::gst
