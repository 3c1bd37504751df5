// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <string>

#include "chatterbox/options.h"

namespace chatterbox::gst {

// How the timestamps of speech are found.
enum class Timing { kAuto, kInput, kContiguous, kImmediate };
// What happens to speech that is longer than its cue.
enum class Overflow { kShift, kClip, kOverlap };
// What happens when one utterance fails.
enum class OnError { kError, kSkip };

// Everything a user of chatterboxtts chooses. Guarded by GST_OBJECT_LOCK;
// streaming works on copies.
struct TtsSettings {
  std::string voice;
  std::string model_path;
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
  gint64 seed = -1;  // negative: a fresh one for each utterance
  guint chunk_size = 25;
  std::string text;
  guint latency_ms = 0;
  Timing timing = Timing::kAuto;
  bool force_live = false;
  guint max_wait_ms = 300;
  bool fill_gaps = false;
  Overflow overflow = Overflow::kShift;
  bool post_messages = true;
  OnError on_error = OnError::kError;

  SynthesisOptions synthesis() const;
};

// Adds the properties to the class; their ids are private to this unit.
void install_tts_properties(GObjectClass* object_class);

// Without locking. `name` is the property's; unknown ones change nothing.
void set_tts_property(TtsSettings& settings, const char* name, const GValue* value);
void get_tts_property(const TtsSettings& settings, const char* name, GValue* value);

}  // namespace chatterbox::gst
