// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

#include "chatterbox/options.h"

namespace chatterbox::gst {

// How the timestamps of speech are found.
enum class Timing { kAuto, kInput, kContiguous, kImmediate };
// What happens to speech that is longer than its cue.
enum class Overflow { kShift, kClip, kOverlap, kCompress };
// What of the text that arrives becomes one utterance.
enum class Accumulate { kAuto, kCue, kSentence, kNone };
// What happens when one utterance fails.
enum class OnError { kError, kSkip };

// Everything a user of chatterboxtts chooses. Guarded by GST_OBJECT_LOCK;
// streaming works on copies.
struct TtsSettings {
  std::string voice;
  std::string model_path;
  std::string model_family;
  std::string device = "auto";
  std::string dtype = "auto";
  guint threads = 0;
  // Negative: the model's own default.
  double exaggeration = -1;
  double cfg_weight = -1;
  double temperature = -1;
  double repetition_penalty = -1;
  double min_p = -1;
  double top_p = -1;
  gint top_k = -1;
  gint64 seed = -1;  // negative: a fresh one for each utterance
  guint chunk_size = 25;
  bool trim_silence = true;
  bool read_signs = false;
  bool skip_lyrics = false;
  bool watermark = true;
  std::string language = "auto";
  // Voices of speakers that the text names; immutable, may be none.
  std::shared_ptr<const GstStructure> speaker_map;
  std::string text;
  Accumulate accumulate = Accumulate::kAuto;
  guint max_chars = 600;
  guint first_min_chars = 40;
  guint latency_ms = 0;
  Timing timing = Timing::kAuto;
  bool force_live = false;
  guint max_wait_ms = 300;
  bool fill_gaps = false;
  Overflow overflow = Overflow::kShift;
  guint max_overflow_ms = 0;
  double max_compression = 1.5;
  bool post_messages = true;
  OnError on_error = OnError::kError;

  SynthesisOptions synthesis() const;
  GstClockTime latency() const;
  // As other synthesizers take it, latency=-1 means as soon as possible.
  Timing effective_timing() const;
};

// Adds the properties to the class; their ids are private to this unit.
void install_tts_properties(GObjectClass* object_class);

// Without locking. `name` is the property's; unknown ones change nothing.
void set_tts_property(TtsSettings& settings, const char* name, const GValue* value);
void get_tts_property(const TtsSettings& settings, const char* name, GValue* value);

}  // namespace chatterbox::gst
