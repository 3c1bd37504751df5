// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "clone_settings.h"

#include <cstring>

namespace chatterbox::gst {

namespace {

constexpr auto kAlways = GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
constexpr auto kPlaying = GParamFlags(kAlways | GST_PARAM_MUTABLE_PLAYING);
constexpr auto kReady = GParamFlags(kAlways | GST_PARAM_MUTABLE_READY);
constexpr auto kShown = GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

GType state_type() {
  static const GEnumValue values[] = {
      {int(CloneState::kIdle), "Nothing is collected", "idle"},
      {int(CloneState::kCollecting), "Speech is being collected", "collecting"},
      {int(CloneState::kSaving), "The voice is being made and saved", "saving"},
      {int(CloneState::kDone), "The voice is on disk", "done"},
      {int(CloneState::kFailed), "No voice was made", "failed"},
      {0, nullptr, nullptr}};
  static gsize type = 0;
  if (g_once_init_enter(&type)) {
    const GType made = g_enum_register_static("GstChatterboxCloneState", values);
    gst_type_mark_as_plugin_api(made, GstPluginAPIFlags(0));
    g_once_init_leave(&type, made);
  }
  return type;
}

void store(const GValue* value, std::string& member) {
  const char* text = g_value_get_string(value);
  member = text ? text : "";
}
void store(const GValue* value, guint& member) { member = g_value_get_uint(value); }
void store(const GValue* value, double& member) { member = g_value_get_double(value); }
void store(const GValue* value, bool& member) { member = g_value_get_boolean(value); }

void show(GValue* value, const std::string& member) { g_value_set_string(value, member.c_str()); }
void show(GValue* value, const guint& member) { g_value_set_uint(value, member); }
void show(GValue* value, const double& member) { g_value_set_double(value, member); }
void show(GValue* value, const bool& member) { g_value_set_boolean(value, member); }

// Calls `visit` with the member that the property `name` stands for.
template <class Settings, class Visit>
void visit_member(Settings& settings, const char* name, Visit&& visit) {
  const auto is = [name](const char* property) { return std::strcmp(name, property) == 0; };
  if (is("voice-name")) return visit(settings.voice_name);
  if (is("voice-library")) return visit(settings.voice_library);
  if (is("description")) return visit(settings.description);
  if (is("location")) return visit(settings.location);
  if (is("speaker")) return visit(settings.speaker);
  if (is("overwrite")) return visit(settings.overwrite);
  if (is("save-on-eos")) return visit(settings.save_on_eos);
  if (is("duration")) return visit(settings.duration_ms);
  if (is("min-duration")) return visit(settings.min_duration_ms);
  if (is("silence-threshold")) return visit(settings.silence_threshold_db);
  if (is("model-path")) return visit(settings.model_path);
  if (is("model-family")) return visit(settings.model_family);
  if (is("device")) return visit(settings.device);
  if (is("dtype")) return visit(settings.dtype);
  if (is("threads")) return visit(settings.threads);
}

}  // namespace

void install_clone_properties(GObjectClass* object_class) {
  const CloneSettings initial;
  guint id = 0;
  const auto add = [&](GParamSpec* spec) {
    g_object_class_install_property(object_class, ++id, spec);
  };
  const auto text = [&](const char* name, const char* nick, const char* blurb, const char* value,
                        GParamFlags flags) {
    add(g_param_spec_string(name, nick, blurb, value, flags));
  };
  /**
   * GstChatterboxClone:voice-name:
   *
   * Name of the voice: 1 to 64 characters. Nothing is collected without one.
   *
   * Since: 0.1
   */
  text("voice-name", "Voice Name", "Name of the new voice; nothing is collected without one", "",
       kPlaying);
  /**
   * GstChatterboxClone:voice-library:
   *
   * Since: 0.1
   */
  text("voice-library", "Voice Library",
       "Directory that the voice is added to; empty for the user's own library", "", kPlaying);
  /**
   * GstChatterboxClone:description:
   *
   * Since: 0.1
   */
  text("description", "Description", "A few words about the voice, kept in the library", "",
       kPlaying);
  /**
   * GstChatterboxClone:location:
   *
   * Since: 0.1
   */
  text("location", "Location",
       "Also write the voice, as this model hears it, to this .safetensors file", "", kPlaying);
  /**
   * GstChatterboxClone:speaker:
   *
   * Since: 0.1
   */
  text("speaker", "Speaker",
       "Collect only while rstranscribe/speaker-change events name this speaker; empty: always", "",
       kPlaying);
  /**
   * GstChatterboxClone:overwrite:
   *
   * Since: 0.1
   */
  add(g_param_spec_boolean("overwrite", "Overwrite", "Replace a voice or file of the same name",
                           initial.overwrite, kPlaying));
  /**
   * GstChatterboxClone:save-on-eos:
   *
   * Since: 0.1
   */
  add(g_param_spec_boolean("save-on-eos", "Save On EOS",
                           "Make a voice of what was collected when the stream ends",
                           initial.save_on_eos, kPlaying));
  /**
   * GstChatterboxClone:duration:
   *
   * Since: 0.1
   */
  add(g_param_spec_uint("duration", "Duration",
                        "Speech to collect, long pauses left out, before the voice is made (ms)",
                        1000, 60000, initial.duration_ms, kPlaying));
  /**
   * GstChatterboxClone:min-duration:
   *
   * Since: 0.1
   */
  add(g_param_spec_uint("min-duration", "Minimum Duration", "Least speech that makes a voice (ms)",
                        1000, 60000, initial.min_duration_ms, kPlaying));
  /**
   * GstChatterboxClone:silence-threshold:
   *
   * Since: 0.1
   */
  add(g_param_spec_double("silence-threshold", "Silence Threshold",
                          "Level below which nobody speaks (dB of full scale)", -100, 0,
                          initial.silence_threshold_db, kPlaying));
  /**
   * GstChatterboxClone:model-path:
   *
   * Since: 0.1
   */
  text("model-path", "Model Path",
       "Directory of the model; empty for CHATTERBOX_MODEL_PATH or the installed model", "",
       kReady);
  /**
   * GstChatterboxClone:model-family:
   *
   * Since: 0.1
   */
  text("model-family", "Model Family",
       "Which model, where the directory holds several: english, turbo, nano or multilingual; "
       "empty for CHATTERBOX_MODEL_FAMILY or the one that is there, English first",
       "", kReady);
  /**
   * GstChatterboxClone:device:
   *
   * Since: 0.1
   */
  text("device", "Device", "cpu, cuda, cuda:N, or auto", initial.device.c_str(), kReady);
  /**
   * GstChatterboxClone:dtype:
   *
   * Since: 0.1
   */
  text("dtype", "Data Type", "float32, bfloat16, float16, int8, or auto", initial.dtype.c_str(),
       kReady);
  /**
   * GstChatterboxClone:threads:
   *
   * Since: 0.1
   */
  add(g_param_spec_uint("threads", "Threads",
                        "Threads for inference on the processor; 0 for a good number", 0, 1024,
                        initial.threads, kReady));
  /**
   * GstChatterboxClone:state:
   *
   * Since: 0.1
   */
  add(g_param_spec_enum("state", "State", "What the element is doing", state_type(),
                        int(CloneState::kIdle), kShown));
  /**
   * GstChatterboxClone:voice-id:
   *
   * Since: 0.1
   */
  add(g_param_spec_string("voice-id", "Voice Id", "Id of the voice that was made last", "",
                          kShown));
}

void set_clone_property(CloneSettings& settings, const char* name, const GValue* value) {
  visit_member(settings, name, [value](auto& member) { store(value, member); });
}

void get_clone_property(const CloneSettings& settings, const char* name, GValue* value) {
  visit_member(settings, name, [value](const auto& member) { show(value, member); });
}

}  // namespace chatterbox::gst
