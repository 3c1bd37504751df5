// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>
#include <string_view>

namespace chatterbox::gst {

// Manner of speaking a stretch of text, where it differs from the properties.
// Absent: as something less specific says.
struct SpeechChoice {
  std::optional<std::string> voice;
  std::optional<std::string> language;
  std::optional<double> exaggeration;
  std::optional<double> cfg_weight;
  std::optional<double> temperature;
  std::optional<gint64> seed;

  // Choices of `specific` replace those here.
  void apply(const SpeechChoice& specific);
};

// The fields `voice`, `language`, `exaggeration`, `cfg-weight`, `temperature`
// and `seed` of an event or a meta. Numbers may have any type.
SpeechChoice choice_of(const GstStructure* structure);

// A field's text; empty when there is none.
std::string text_field(const GstStructure* structure, const char* name);

// The speaker's entry in `map`, letter case ignored; '-' stands for characters that a field name
// cannot have. The value is a voice, or a structure with the fields of an event.
std::optional<SpeechChoice> choice_for_speaker(const GstStructure* map, std::string_view speaker);

// The name under which a speaker is looked up.
std::string speaker_key(std::string_view speaker);

}  // namespace chatterbox::gst
