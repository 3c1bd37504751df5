// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "tts_stream.h"

#include <cstring>
#include <utility>

#include "common.h"
#include "neighbours.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

TtsStream::TtsStream(GstElement* element, GstPad* sink_pad, GstPad* src_pad)
    : core_(element, sink_pad, src_pad,
            {[this](TtsItem&& item) { return narrator_.handle(std::move(item)); },
             [this](Lock& lock) { return narrator_.idle(lock); },
             [this](const TtsItem& item) { return narrator_.holds(item); },
             [this] { core_.cancel_speech(); }}),
      sink_(core_, [this](bool flush) { interrupt(flush); }),
      narrator_(core_) {}

void TtsStream::set_property(const char* name, const GValue* value) {
  const TtsSettings before = core_.settings.get();
  if (!core_.settings.set(name, value)) return;
  const TtsSettings now = core_.settings.get();
  const bool is_text = std::strcmp(name, "text") == 0;
  if (is_running(core_.element)) {
    if (is_text && !now.text.text.empty()) sink_.say(now.text.text);
  } else if (is_text || now.timing.force_live != before.timing.force_live) {
    // Before the element is added to its bin, which counts sources then.
    flag_source(!gst_pad_is_linked(core_.sink_pad) && now.is_source());
  }
  if (now.timing.latency_ms != before.timing.latency_ms ||
      now.timing.force_live != before.timing.force_live)
    gst_element_post_message(core_.element, gst_message_new_latency(GST_OBJECT(core_.element)));
}

void TtsStream::flag_source(bool is_source) {
  GstElement* element = core_.element;
  if (is_source)
    GST_OBJECT_FLAG_SET(element, GST_ELEMENT_FLAG_SOURCE);
  else
    GST_OBJECT_FLAG_UNSET(element, GST_ELEMENT_FLAG_SOURCE);
}

bool TtsStream::enter_paused() {
  const TtsSettings settings = core_.settings.get();
  const bool linked = gst_pad_is_linked(core_.sink_pad);
  const bool source = !linked && settings.is_source();
  flag_source(source);
  if (!source && nothing_will_come(core_.element, core_.sink_pad)) {
    report_nothing_to_say(core_.element);
    return false;
  }
  warned_slow_ = false;
  core_.begin_run({.text_source = source});
  if (!settings.text.text.empty() && source)
    sink_.say_all(settings.text.text, !settings.timing.force_live);
  return start_load();
}

bool TtsStream::start_load() {
  const TtsSettings settings = core_.settings.get();
  ModelLease::Request request;
  std::string voice;
  if (!settings.find(core_.element, settings.voice.voice, request, voice)) return false;
  request.make = [voice](SpeechModel& model, const std::stop_token& stop) {
    auto synthesizer = model.make_synthesizer();
    about_voice([&] { synthesizer->set_voice(voice, stop); });
    synthesizer->warm_up(stop);
    return std::make_shared<SpeechThread>(std::move(synthesizer));
  };
  {
    const Lock lock = core_.queue.lock();
    core_.run.good_voice = voice;
  }
  core_.lease.start(std::move(request));
  return true;
}

bool TtsStream::sink_event(OwnedEvent event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_FLUSH_START) {
    // First: a streaming thread that waits for room must not take the empty queue for it.
    core_.task.close();
    {
      const Lock lock = core_.queue.lock();
      core_.drop_text();
    }
    core_.task.flush_start(std::move(event));
    return true;
  }
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_FLUSH_STOP) {
    core_.task.flush_stop(std::move(event), [this] {
      core_.drop_text();
      core_.run.in_segment = empty_segment(GST_FORMAT_UNDEFINED);
      core_.run.ended = false;
      core_.pad.flush();
    });
    return true;
  }
  return sink_.event(std::move(event));
}

bool TtsStream::end_text() {
  const Lock lock = core_.queue.lock();
  if (!core_.run.text_source) return false;
  if (!core_.queue.accepts()) return true;
  core_.task.stop_work();
  core_.drop_text();
  core_.queue.items().clear();
  core_.queue.items().push_back({OwnedEvent(gst_event_new_eos())});
  return true;
}

void TtsStream::interrupt(bool flush) {
  {
    const Lock lock = core_.queue.lock();
    if (core_.queue.flushing()) return;
    core_.task.stop_work();
    core_.drop_text();
    core_.queue.wake();
  }
  if (!flush) return;
  const guint32 seqnum = gst_util_seqnum_next();
  core_.task.interrupt(seqnum, [this, seqnum] {
    // The pipeline's running time goes on; so does the speech, from now.
    core_.pad.restart(core_.clock.now(), seqnum);
    // The flush took the end of the stream with it.
    if (OwnedEvent end = core_.pad.take_end()) core_.queue.items().push_back({std::move(end)});
  });
}

// Text has no positions to seek to.
bool TtsStream::can_seek() {
  const Lock lock = core_.queue.lock();
  return !core_.run.text_source && core_.run.in_segment.format == GST_FORMAT_TIME;
}

bool TtsStream::src_event(OwnedEvent event) {
  if (is_backwards_seek(event.get())) return false;
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK && !can_seek()) return false;
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_QOS) {
    // Speech is never dropped; a sink that waits for it is only worth a word.
    gdouble proportion = 1;
    gst_event_parse_qos(event.get(), nullptr, &proportion, nullptr, nullptr);
    if (proportion > 1 && !warned_slow_.exchange(true))
      GST_WARNING_OBJECT(core_.element, "speech comes %.2f times too slowly", proportion);
  }
  return gst_pad_event_default(core_.src_pad, GST_OBJECT(core_.element), event.release());
}

bool TtsStream::src_query(GstQuery* query) {
  // Unknown until it has been spoken; upstream's is a number of bytes.
  if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION) return false;
  if (GST_QUERY_TYPE(query) == GST_QUERY_SEEKING && !can_seek()) {
    GstFormat format;
    gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
    gst_query_set_seeking(query, format, FALSE, 0, -1);
    return true;
  }
  const TimingSettings timing = core_.settings.get(&TtsSettings::timing);
  return core_.answer(query, timing.force_live, timing.latency(), timing.latency());
}

}  // namespace chatterbox::gst
