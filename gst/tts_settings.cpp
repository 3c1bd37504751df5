// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "tts_settings.h"

#include <cstring>
#include <optional>
#include <type_traits>

namespace chatterbox::gst {

namespace {

// One member of TtsSettings.
void store(const GValue* value, std::string& member) {
  const char* text = g_value_get_string(value);
  member = text ? text : "";
}
void store(const GValue* value, guint& member) { member = g_value_get_uint(value); }
void store(const GValue* value, gint& member) { member = g_value_get_int(value); }
void store(const GValue* value, double& member) { member = g_value_get_double(value); }
void store(const GValue* value, gint64& member) { member = g_value_get_int64(value); }
void store(const GValue* value, bool& member) { member = g_value_get_boolean(value); }
void store(const GValue* value, std::shared_ptr<const GstStructure>& member) {
  const GstStructure* structure = gst_value_get_structure(value);
  member.reset();
  if (structure)
    member = {gst_structure_copy(structure), [](const GstStructure* owned) {
                gst_structure_free(const_cast<GstStructure*>(owned));
              }};
}
template <class Enum>
requires std::is_enum_v<Enum>
void store(const GValue* value, Enum& member) { member = Enum(g_value_get_enum(value)); }

void show(GValue* value, const std::string& member) { g_value_set_string(value, member.c_str()); }
void show(GValue* value, const guint& member) { g_value_set_uint(value, member); }
void show(GValue* value, const gint& member) { g_value_set_int(value, member); }
void show(GValue* value, const double& member) { g_value_set_double(value, member); }
void show(GValue* value, const gint64& member) { g_value_set_int64(value, member); }
void show(GValue* value, const bool& member) { g_value_set_boolean(value, member); }
void show(GValue* value, const std::shared_ptr<const GstStructure>& member) {
  gst_value_set_structure(value, member.get());
}
template <class Enum>
requires std::is_enum_v<Enum>
void show(GValue* value, const Enum& member) { g_value_set_enum(value, int(member)); }

// Calls `visit` with the member that the property `name` stands for.
template <class Settings, class Visit>
void visit_member(Settings& settings, const char* name, Visit&& visit) {
  const auto is = [name](const char* property) { return std::strcmp(name, property) == 0; };
  if (is("voice")) return visit(settings.voice);
  if (is("model-path")) return visit(settings.model_path);
  if (is("model-family")) return visit(settings.model_family);
  if (is("device")) return visit(settings.device);
  if (is("dtype")) return visit(settings.dtype);
  if (is("threads")) return visit(settings.threads);
  if (is("exaggeration")) return visit(settings.exaggeration);
  if (is("cfg-weight")) return visit(settings.cfg_weight);
  if (is("temperature")) return visit(settings.temperature);
  if (is("repetition-penalty")) return visit(settings.repetition_penalty);
  if (is("min-p")) return visit(settings.min_p);
  if (is("top-p")) return visit(settings.top_p);
  if (is("top-k")) return visit(settings.top_k);
  if (is("seed")) return visit(settings.seed);
  if (is("chunk-size")) return visit(settings.chunk_size);
  if (is("trim-silence")) return visit(settings.trim_silence);
  if (is("read-signs")) return visit(settings.read_signs);
  if (is("skip-lyrics")) return visit(settings.skip_lyrics);
  if (is("watermark")) return visit(settings.watermark);
  if (is("language")) return visit(settings.language);
  if (is("speaker-map")) return visit(settings.speaker_map);
  if (is("text")) return visit(settings.text);
  if (is("accumulate")) return visit(settings.accumulate);
  if (is("max-chars")) return visit(settings.max_chars);
  if (is("first-min-chars")) return visit(settings.first_min_chars);
  if (is("latency")) return visit(settings.latency_ms);
  if (is("timing")) return visit(settings.timing);
  if (is("force-live")) return visit(settings.force_live);
  if (is("max-wait")) return visit(settings.max_wait_ms);
  if (is("fill-gaps")) return visit(settings.fill_gaps);
  if (is("overflow")) return visit(settings.overflow);
  if (is("max-overflow")) return visit(settings.max_overflow_ms);
  if (is("max-compression")) return visit(settings.max_compression);
  if (is("post-messages")) return visit(settings.post_messages);
  if (is("on-error")) return visit(settings.on_error);
}

}  // namespace

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

void set_tts_property(TtsSettings& settings, const char* name, const GValue* value) {
  visit_member(settings, name, [value](auto& member) { store(value, member); });
}

void get_tts_property(const TtsSettings& settings, const char* name, GValue* value) {
  visit_member(settings, name, [value](const auto& member) { show(value, member); });
}

}  // namespace chatterbox::gst
