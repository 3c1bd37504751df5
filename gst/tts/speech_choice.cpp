// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech_choice.h"

#include <cstring>

namespace chatterbox::gst {

namespace {

template <class Value>
void override(std::optional<Value>& value, const std::optional<Value>& specific) {
  if (specific) value = specific;
}

// Any number, or text that is one.
std::optional<double> number_field(const GstStructure* structure, const char* name) {
  const GValue* value = gst_structure_get_value(structure, name);
  if (!value) return std::nullopt;
  GValue number = G_VALUE_INIT;
  g_value_init(&number, G_TYPE_DOUBLE);
  std::optional<double> result;
  if (G_VALUE_HOLDS_STRING(value)) {
    char* end = nullptr;
    const char* text = g_value_get_string(value);
    const double parsed = text ? g_ascii_strtod(text, &end) : 0;
    if (text && end != text && *end == '\0') result = parsed;
  } else if (g_value_transform(value, &number)) {
    result = g_value_get_double(&number);
  }
  g_value_unset(&number);
  return result;
}

// Negative: the model's own, as in the properties.
std::optional<gint64> seed_field(const GstStructure* structure) {
  gint64 seed = 0;
  guint64 unsigned_seed = 0;
  if (gst_structure_get_int64(structure, "seed", &seed)) return seed;
  if (gst_structure_get_uint64(structure, "seed", &unsigned_seed)) return gint64(unsigned_seed);
  const auto number = number_field(structure, "seed");
  return number ? std::optional<gint64>(gint64(*number)) : std::nullopt;
}

}  // namespace

void SpeechChoice::apply(const SpeechChoice& specific) {
  override(voice, specific.voice);
  override(language, specific.language);
  override(exaggeration, specific.exaggeration);
  override(cfg_weight, specific.cfg_weight);
  override(temperature, specific.temperature);
  override(seed, specific.seed);
}

std::string text_field(const GstStructure* structure, const char* name) {
  const char* text = structure ? gst_structure_get_string(structure, name) : nullptr;
  return text ? text : "";
}

SpeechChoice choice_of(const GstStructure* structure) {
  SpeechChoice choice;
  if (!structure) return choice;
  if (const char* voice = gst_structure_get_string(structure, "voice")) choice.voice = voice;
  if (const char* language = gst_structure_get_string(structure, "language"))
    choice.language = language;
  choice.exaggeration = number_field(structure, "exaggeration");
  choice.cfg_weight = number_field(structure, "cfg-weight");
  choice.temperature = number_field(structure, "temperature");
  choice.seed = seed_field(structure);
  return choice;
}

std::string speaker_key(std::string_view speaker) {
  std::string key;
  for (const char c : speaker)
    key += g_ascii_isalnum(c) || static_cast<unsigned char>(c) >= 0x80 ? g_ascii_tolower(c) : '-';
  return key;
}

std::optional<SpeechChoice> choice_for_speaker(const GstStructure* map, std::string_view speaker) {
  if (!map || speaker.empty()) return std::nullopt;
  const std::string wanted = speaker_key(speaker);
  for (gint i = 0; i < gst_structure_n_fields(map); ++i) {
    const char* name = gst_structure_nth_field_name(map, guint(i));
    if (speaker_key(name) != wanted) continue;
    const GValue* value = gst_structure_get_value(map, name);
    if (GST_VALUE_HOLDS_STRUCTURE(value)) return choice_of(gst_value_get_structure(value));
    SpeechChoice choice;
    if (G_VALUE_HOLDS_STRING(value)) choice.voice = g_value_get_string(value);
    return choice;
  }
  return std::nullopt;
}

}  // namespace chatterbox::gst
