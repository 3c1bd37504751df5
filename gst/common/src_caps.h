// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "glib_raii.h"

// What speech leaves an element as: the engine's own rate first.
#define CHATTERBOX_SPEECH_FORMATS "{ " GST_AUDIO_NE(S16) ", " GST_AUDIO_NE(F32) " }"
#define CHATTERBOX_SPEECH_CAPS                                                 \
  "audio/x-raw, format = (string) " CHATTERBOX_SPEECH_FORMATS                  \
  ", rate = (int) 24000, channels = (int) 1, layout = (string) interleaved; "  \
  "audio/x-raw, format = (string) " CHATTERBOX_SPEECH_FORMATS                  \
  ", rate = (int) { 48000, 44100, 32000, 22050, 16000, 12000, 11025, 8000 }, " \
  "channels = (int) 1, layout = (string) interleaved"

namespace chatterbox::gst {

// Of what the pad's template and its peer have in common, the one that suits
// speech best: 24 kHz or the rate next to it, S16 before F32. None when they
// have nothing in common.
OwnedCaps choose_speech_caps(GstPad* src_pad);

}  // namespace chatterbox::gst
