// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// What chatterboxtts tells about its speech: messages, and metas on buffers.
#include <utility>

#include "common.h"
#include "tts_metas.h"
#include "tts_speaking.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

void TtsStream::report_late(GstClockTime start, GstClockTime now, GstClockTime duration) {
  GST_CAT_LEVEL_LOG(GST_CAT_DEFAULT, warned_late_ ? GST_LEVEL_DEBUG : GST_LEVEL_WARNING,
                    element_, "speech comes %" GST_TIME_FORMAT " late; a larger `latency` helps",
                    GST_TIME_ARGS(now - start));
  warned_late_ = true;
  GstMessage* message = gst_message_new_qos(
      GST_OBJECT(element_), TRUE,
      gst_segment_to_running_time(&out_segment_, GST_FORMAT_TIME, start),
      gst_segment_to_stream_time(&out_segment_, GST_FORMAT_TIME, start), start, duration);
  gst_message_set_qos_values(message, GstClockTimeDiff(now - start), 1.0, 1000000);
  gst_element_post_message(element_, message);
}

void TtsStream::post_utterance(const char* name, const Speaking& speaking, bool interrupted) {
  if (!speaking.settings.post_messages) return;
  const Utterance& utterance = speaking.utterance;
  const bool is_end = g_str_has_suffix(name, "-end");
  GstStructure* structure = gst_structure_new(
      name, "id", G_TYPE_UINT64, guint64(utterance.id), "text", G_TYPE_STRING,
      utterance.text.c_str(), "voice", G_TYPE_STRING, utterance.voice.c_str(), "timestamp",
      G_TYPE_UINT64, speaking.start, "stream-time", G_TYPE_UINT64,
      gst_segment_to_stream_time(&out_segment_, GST_FORMAT_TIME, speaking.start), "running-time",
      G_TYPE_UINT64, gst_segment_to_running_time(&out_segment_, GST_FORMAT_TIME, speaking.start),
      "duration", G_TYPE_UINT64, is_end ? output_.utterance_duration() : GST_CLOCK_TIME_NONE,
      "input-duration", G_TYPE_UINT64, utterance.duration, "time-to-first-audio", G_TYPE_UINT64,
      guint64(utterance.job->time_to_first_audio().count()), nullptr);
  if (is_end) {
    const SynthesisStats stats = utterance.job->stats();
    gst_structure_set(structure, "seed", G_TYPE_UINT64, guint64(stats.seed), "real-time-factor",
                      G_TYPE_DOUBLE, stats.real_time_factor(), "interrupted", G_TYPE_BOOLEAN,
                      gboolean(interrupted), nullptr);
  }
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure));
}

// What goes with a buffer of the utterance before it is pushed.
void TtsStream::prepare(Speaking& speaking, GstBuffer* buffer, std::span<const SpokenWord> words) {
  if (std::exchange(speaking.first_buffer, false) && speaking.utterance.source)
    copy_untagged_metas(speaking.utterance.source.get(), buffer);
  for (const SpokenWord& word : words) {
    OwnedStructure fields =
        word_fields("chatterbox/word", speaking.utterance.id, word, out_segment_);
    add_word_meta(buffer, fields.get());
    if (speaking.settings.post_messages)
      gst_element_post_message(element_,
                               gst_message_new_element(GST_OBJECT(element_), fields.release()));
  }
}

}  // namespace chatterbox::gst
