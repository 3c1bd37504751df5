// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <span>
#include <string>

#include "model_properties.h"

namespace chatterbox::gst {

// State of the work; the read-only property `state`.
enum class CloneState { kIdle, kCollecting, kSaving, kDone, kFailed };

// The properties of chatterboxclone, guarded by GST_OBJECT_LOCK; streaming works on copies.
struct CloneSettings : ModelSettings {
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
};

GType enum_type(CloneState);

// One row for each property; `state` and `voice-id` are the element's own.
std::span<const PropertyRow> clone_properties();

}  // namespace chatterbox::gst
