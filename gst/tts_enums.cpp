// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "tts_enums.h"

#include "tts_settings.h"

namespace chatterbox::gst {

namespace {

template <class Enum>
GType enum_type(const char* name, const GEnumValue* values) {
  static gsize type = 0;
  if (g_once_init_enter(&type)) {
    const GType made = g_enum_register_static(name, values);
    gst_type_mark_as_plugin_api(made, GstPluginAPIFlags(0));
    g_once_init_leave(&type, made);
  }
  return type;
}

}  // namespace

/**
 * GstChatterboxTtsTiming:
 * @auto: timestamps of cues; live text as soon as possible; else contiguous
 * @input: timestamps of the text, contiguous where it has none
 * @contiguous: one utterance directly after the other
 * @immediate: the running time at which the speech is ready
 *
 * When an utterance begins.
 *
 * Since: 0.1
 */
GType tts_timing_type() {
  static const GEnumValue values[] = {
      {int(Timing::kAuto), "Timestamps of cues; live text as soon as possible; else contiguous",
       "auto"},
      {int(Timing::kInput), "Timestamps of the text, contiguous where it has none", "input"},
      {int(Timing::kContiguous), "One utterance directly after the other", "contiguous"},
      {int(Timing::kImmediate), "The running time at which the speech is ready", "immediate"},
      {0, nullptr, nullptr}};
  return enum_type<Timing>("GstChatterboxTtsTiming", values);
}

/**
 * GstChatterboxTtsOverflow:
 * @shift: say all of it; the next utterance begins later
 * @clip: stop speaking at the end of the cue
 * @overlap: begin the next utterance on time; for a mixer downstream
 * @compress: speak faster, within #GstChatterboxTts:max-compression; shift what remains
 *
 * What happens to speech that is longer than its cue.
 *
 * Since: 0.1
 */
GType tts_overflow_type() {
  static const GEnumValue values[] = {
      {int(Overflow::kShift), "Say all of it; the next utterance begins later", "shift"},
      {int(Overflow::kClip), "Stop speaking at the end of the cue", "clip"},
      {int(Overflow::kOverlap), "Begin the next utterance on time; for a mixer downstream",
       "overlap"},
      {int(Overflow::kCompress), "Speak faster, up to max-compression; shift what remains",
       "compress"},
      {0, nullptr, nullptr}};
  return enum_type<Overflow>("GstChatterboxTtsOverflow", values);
}

/**
 * GstChatterboxTtsAccumulate:
 * @auto: each timed buffer is an utterance, other text is cut into sentences
 * @cue: each buffer is an utterance
 * @sentence: text is joined and cut into sentences, timed or not
 * @none: each buffer is cut into sentences, and none goes on in the next one
 *
 * What of the text that arrives becomes one utterance.
 *
 * Since: 0.1
 */
GType tts_accumulate_type() {
  static const GEnumValue values[] = {
      {int(Accumulate::kAuto), "Timed buffers are utterances, other text is cut into sentences",
       "auto"},
      {int(Accumulate::kCue), "Each buffer is an utterance", "cue"},
      {int(Accumulate::kSentence), "All text is joined and cut into sentences", "sentence"},
      {int(Accumulate::kNone), "Each buffer is cut into sentences; none goes on in the next",
       "none"},
      {0, nullptr, nullptr}};
  return enum_type<Accumulate>("GstChatterboxTtsAccumulate", values);
}

/**
 * GstChatterboxTtsOnError:
 * @error: post an error and stop
 * @skip: post a warning and go on with the next utterance
 *
 * What happens when one utterance cannot be spoken, after a second attempt.
 *
 * Since: 0.1
 */
GType tts_on_error_type() {
  static const GEnumValue values[] = {
      {int(OnError::kError), "Post an error and stop", "error"},
      {int(OnError::kSkip), "Post a warning and go on with the next utterance", "skip"},
      {0, nullptr, nullptr}};
  return enum_type<OnError>("GstChatterboxTtsOnError", values);
}

}  // namespace chatterbox::gst
