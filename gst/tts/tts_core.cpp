// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "tts_core.h"

#include <algorithm>
#include <utility>

#include "common.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

TtsCore::TtsCore(GstElement* element, GstPad* sink_pad, GstPad* src_pad, Work work)
    : ElementCore(element, sink_pad, src_pad, tts_properties(), std::move(work),
                  [this] { queue.wake_up(); }) {}

std::size_t TtsCore::waiting_utterances() {
  return std::size_t(std::count_if(queue.items().begin(), queue.items().end(),
                                   [](const TtsItem& item) { return item.utterance.has_value(); }));
}

void TtsCore::enqueue(Utterance utterance) {
  utterance.id = run.next_id++;
  utterance.epoch = run.epoch;
  GST_DEBUG_OBJECT(element, "utterance %" G_GUINT64_FORMAT " at %" GST_TIME_FORMAT ", %zu bytes",
                   utterance.id, GST_TIME_ARGS(utterance.timestamp), utterance.text.size());
  queue.items().push_back({nullptr, std::move(utterance)});
  queue.wake();
}

void TtsCore::queue_text() {
  run.input.end();
  while (run.input.has_next(false)) enqueue(run.input.next());
}

void TtsCore::cancel_speech() {
  const auto speech_thread = lease.product<SpeechThread>();
  if (!speech_thread) return;
  if (const auto job = std::exchange(run.job, nullptr)) speech_thread->cancel(job);
  for (const TtsItem& item : queue.items())
    if (item.utterance && item.utterance->job) speech_thread->cancel(item.utterance->job);
}

// Events stay in the queue.
void TtsCore::drop_text() {
  ++run.epoch;
  run.input.drop_text();
  std::erase_if(queue.items(), [](const TtsItem& item) { return item.utterance.has_value(); });
}

bool TtsCore::is_timed(GstClockTime timestamp, Timing timing) const {
  return run.in_segment.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(timestamp) &&
         (timing == Timing::kAuto || timing == Timing::kInput);
}

}  // namespace chatterbox::gst
