// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "tts_settings.h"

#include <optional>

namespace chatterbox::gst {

SynthesisOptions SpeechSettings::options() const {
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
  options.watermark = watermark;
  return options;
}

GstClockTime TimingSettings::latency() const {
  return latency_ms == G_MAXUINT ? 0 : latency_ms * GST_MSECOND;
}

Timing TimingSettings::effective_timing() const {
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
  static constexpr EnumRow kRows[] = {
      {"auto", "Timestamps of cues; live text as soon as possible; else contiguous"},
      {"input", "Timestamps of the text, contiguous where it has none"},
      {"contiguous", "One utterance directly after the other"},
      {"immediate", "The running time at which the speech is ready"},
  };
  static const GType type = register_enum("GstChatterboxTtsTiming", kRows);
  return type;
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
  static constexpr EnumRow kRows[] = {
      {"shift", "Say all of it; the next utterance begins later"},
      {"clip", "Stop speaking at the end of the cue"},
      {"overlap", "Begin the next utterance on time; for a mixer downstream"},
      {"compress", "Speak faster, up to max-compression; shift what remains"},
  };
  static const GType type = register_enum("GstChatterboxTtsOverflow", kRows);
  return type;
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
  static constexpr EnumRow kRows[] = {
      {"auto", "Timed buffers are utterances, other text is cut into sentences"},
      {"cue", "Each buffer is an utterance"},
      {"sentence", "All text is joined and cut into sentences"},
      {"none", "Each buffer is cut into sentences; none goes on in the next"},
  };
  static const GType type = register_enum("GstChatterboxTtsAccumulate", kRows);
  return type;
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
  static constexpr EnumRow kRows[] = {
      {"error", "Post an error and stop"},
      {"skip", "Post a warning and go on with the next utterance"},
  };
  static const GType type = register_enum("GstChatterboxTtsOnError", kRows);
  return type;
}

}  // namespace chatterbox::gst
