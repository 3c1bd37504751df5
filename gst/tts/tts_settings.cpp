// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "tts_settings.h"

#include <optional>

namespace chatterbox::gst {

SynthesisOptions TtsSettings::synthesis() const {
  const auto chosen = [](double value) {
    return value < 0 ? std::optional<double>() : std::optional<double>(value);
  };
  SynthesisOptions options;
  options.exaggeration = chosen(exaggeration);
  options.cfg_weight = chosen(cfg_weight);
  options.temperature = chosen(temperature);
  options.repetition_penalty = chosen(repetition_penalty);
  options.min_p = chosen(min_p);
  options.top_p = chosen(top_p);
  if (top_k >= 0) options.top_k = top_k;
  options.flow_steps = int(flow_steps);
  if (seed >= 0) options.seed = std::uint64_t(seed);
  options.chunk_size = int(chunk_size);
  options.trim_silence = trim_silence;
  options.plain_text = !read_signs;
  options.watermark = watermark;
  return options;
}

GstClockTime TtsSettings::latency() const {
  return latency_ms == G_MAXUINT ? 0 : latency_ms * GST_MSECOND;
}

Timing TtsSettings::effective_timing() const {
  return latency_ms == G_MAXUINT ? Timing::kImmediate : timing;
}

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
GType enum_type(Timing) {
  static const GEnumValue values[] = {
      {int(Timing::kAuto), "Timestamps of cues; live text as soon as possible; else contiguous",
       "auto"},
      {int(Timing::kInput), "Timestamps of the text, contiguous where it has none", "input"},
      {int(Timing::kContiguous), "One utterance directly after the other", "contiguous"},
      {int(Timing::kImmediate), "The running time at which the speech is ready", "immediate"},
      {0, nullptr, nullptr}};
  static gsize once = 0;
  return register_enum(once, "GstChatterboxTtsTiming", values);
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
GType enum_type(Overflow) {
  static const GEnumValue values[] = {
      {int(Overflow::kShift), "Say all of it; the next utterance begins later", "shift"},
      {int(Overflow::kClip), "Stop speaking at the end of the cue", "clip"},
      {int(Overflow::kOverlap), "Begin the next utterance on time; for a mixer downstream",
       "overlap"},
      {int(Overflow::kCompress), "Speak faster, up to max-compression; shift what remains",
       "compress"},
      {0, nullptr, nullptr}};
  static gsize once = 0;
  return register_enum(once, "GstChatterboxTtsOverflow", values);
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
GType enum_type(Accumulate) {
  static const GEnumValue values[] = {
      {int(Accumulate::kAuto), "Timed buffers are utterances, other text is cut into sentences",
       "auto"},
      {int(Accumulate::kCue), "Each buffer is an utterance", "cue"},
      {int(Accumulate::kSentence), "All text is joined and cut into sentences", "sentence"},
      {int(Accumulate::kNone), "Each buffer is cut into sentences; none goes on in the next",
       "none"},
      {0, nullptr, nullptr}};
  static gsize once = 0;
  return register_enum(once, "GstChatterboxTtsAccumulate", values);
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
GType enum_type(OnError) {
  static const GEnumValue values[] = {
      {int(OnError::kError), "Post an error and stop", "error"},
      {int(OnError::kSkip), "Post a warning and go on with the next utterance", "skip"},
      {0, nullptr, nullptr}};
  static gsize once = 0;
  return register_enum(once, "GstChatterboxTtsOnError", values);
}

}  // namespace chatterbox::gst
