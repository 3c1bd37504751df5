// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <string>

namespace chatterbox::gst {

// What the element is doing; the read-only property `state`.
enum class CloneState { kIdle, kCollecting, kSaving, kDone, kFailed };

// Everything a user of chatterboxclone chooses. Guarded by GST_OBJECT_LOCK;
// streaming works on copies.
struct CloneSettings {
  std::string voice_name;
  std::string voice_library;
  std::string description;
  std::string location;
  std::string speaker;
  bool overwrite = false;
  bool save_on_eos = true;
  guint duration_ms = 15000;
  guint min_duration_ms = 3000;
  double silence_threshold_db = -50;
  std::string model_path;
  std::string model_family;
  std::string device = "auto";
  std::string dtype = "auto";
  guint threads = 0;
};

// Adds the properties to the class; `state` and `voice-id` are the element's own.
void install_clone_properties(GObjectClass* object_class);

// Without locking. `name` is the property's; unknown ones change nothing.
void set_clone_property(CloneSettings& settings, const char* name, const GValue* value);
void get_clone_property(const CloneSettings& settings, const char* name, GValue* value);

}  // namespace chatterbox::gst
