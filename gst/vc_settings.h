// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <string>

#include "chatterbox/converter.h"

namespace chatterbox::gst {

// What is heard in place of speech that there was no time to convert.
enum class OverloadPolicy { kSilence, kDrop, kPassthrough };

// Everything a user of chatterboxvc chooses. Guarded by GST_OBJECT_LOCK;
// streaming works on copies.
struct VcSettings {
  std::string voice;
  std::string model_path;
  std::string model_family;
  std::string device = "auto";
  std::string dtype = "auto";
  guint threads = 0;
  gint64 seed = -1;  // negative: a fresh one
  guint chunk_size = guint(ConversionOptions().chunk_size);
  guint lookahead_ms = guint(ConversionOptions().lookahead);
  double silence_threshold = ConversionOptions().silence_threshold;
  guint processing_latency_ms = 60;
  OverloadPolicy overload_policy = OverloadPolicy::kSilence;
  bool bypass = false;
  bool watermark = true;

  ConversionOptions conversion() const;
  // From a sample at the sink pad to its conversion at the source pad. Depends
  // on nothing else.
  GstClockTime latency() const;
  // Speech that may wait for its conversion beyond that before it is overload.
  GstClockTime backlog() const;
};

// Adds the properties to the class; their ids are private to this unit.
void install_vc_properties(GObjectClass* object_class);

// Without locking. `name` is the property's; unknown ones change nothing.
void set_vc_property(VcSettings& settings, const char* name, const GValue* value);
void get_vc_property(const VcSettings& settings, const char* name, GValue* value);

}  // namespace chatterbox::gst
