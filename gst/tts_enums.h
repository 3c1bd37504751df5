// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

namespace chatterbox::gst {

// GObject's types of the enumerations in tts_settings.h.
GType tts_timing_type();
GType tts_overflow_type();
GType tts_accumulate_type();
GType tts_on_error_type();

}  // namespace chatterbox::gst
