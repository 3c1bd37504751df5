// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <span>
#include <string>

#include "chatterbox/converter.h"
#include "model_properties.h"

namespace chatterbox::gst {

// Stand-in for speech that there was no time to convert.
enum class OverloadPolicy { kSilence, kDrop, kPassthrough };

// The properties of chatterboxvc, guarded by GST_OBJECT_LOCK; streaming works on copies.
struct VcSettings : ModelSettings {
  std::string voice;
  gint64 seed = -1;  // negative: a fresh one
  guint chunk_size = guint(ConversionOptions().chunk_size);
  guint lookahead_ms = guint(ConversionOptions().lookahead);
  guint flow_steps = 0;
  double silence_threshold = ConversionOptions().silence_threshold;
  guint processing_latency_ms = 60;
  OverloadPolicy overload_policy = OverloadPolicy::kSilence;
  bool bypass = false;
  bool watermark = true;

  ConversionOptions conversion() const;
  // Time from a sample at the sink pad to its conversion at the source pad, by settings alone.
  GstClockTime latency() const;
  // Speech that may wait for its conversion beyond that before it is overload.
  GstClockTime backlog() const;
};

GType enum_type(OverloadPolicy);

// One row for each property.
std::span<const PropertyRow> vc_properties();

}  // namespace chatterbox::gst
