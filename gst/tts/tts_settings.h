// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <span>
#include <string>

#include "chatterbox/options.h"
#include "model_properties.h"

namespace chatterbox::gst {

// Rule for the timestamps of speech.
enum class Timing { kAuto, kInput, kContiguous, kImmediate };
// Rule for speech that is longer than its cue.
enum class Overflow { kShift, kClip, kOverlap, kCompress };
// Rule for cutting arriving text into utterances.
enum class Accumulate { kAuto, kCue, kSentence, kNone };
// Rule for an utterance that fails.
enum class OnError { kError, kSkip };

// Voice and language.
struct VoiceSettings {
  std::string voice;
  // Voices of speakers that the text names; immutable, may be none.
  SharedStructure speaker_map;
  std::string language = "auto";
};

// Making and sound of speech.
struct SpeechSettings {
  // Negative: the model's own default.
  double exaggeration = -1;
  double cfg_weight = -1;
  double temperature = -1;
  double repetition_penalty = -1;
  double min_p = -1;
  double top_p = -1;
  gint top_k = -1;
  guint flow_steps = 0;
  gint64 seed = -1;  // negative: a fresh one for each utterance
  guint chunk_size = 25;
  bool trim_silence = true;
  bool watermark = true;
  double rate = 1;    // times the voice's own pace
  double volume = 1;  // factor of the amplitude

  SynthesisOptions options() const;
};

// Text, and how it is cut into utterances.
struct TextSettings {
  std::string text;
  bool read_signs = false;
  bool skip_lyrics = false;
  Accumulate accumulate = Accumulate::kAuto;
  guint max_chars = 600;
  guint first_min_chars = 40;
  guint max_wait_ms = 300;
};

// When speech is heard.
struct TimingSettings {
  guint latency_ms = 0;
  Timing timing = Timing::kAuto;
  bool force_live = false;
  bool fill_gaps = false;
  Overflow overflow = Overflow::kShift;
  guint max_overflow_ms = 0;
  double max_compression = 1.5;

  GstClockTime latency() const;
  // latency=-1 means as soon as possible, as in other synthesizers.
  Timing effective_timing() const;
};

// The properties of chatterboxtts, guarded by GST_OBJECT_LOCK; streaming works on copies.
struct TtsSettings : ModelSettings {
  VoiceSettings voice;
  SpeechSettings speech;
  TextSettings text;
  TimingSettings timing;
  bool post_messages = true;
  OnError on_error = OnError::kError;

  // A source of its own text, with nothing linked to its sink pad.
  bool is_source() const { return !text.text.empty() || timing.force_live; }
};

// GObject's types of the enumerations.
GType enum_type(Timing);
GType enum_type(Overflow);
GType enum_type(Accumulate);
GType enum_type(OnError);

// One row for each property.
std::span<const PropertyRow> tts_properties();

}  // namespace chatterbox::gst
