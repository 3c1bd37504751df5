// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "src_caps.h"

#include "chatterbox/audio.h"
#include "common.h"

#define GST_CAT_DEFAULT gst_chatterbox_debug

namespace chatterbox::gst {

OwnedCaps choose_speech_caps(GstPad* src_pad) {
  const OwnedCaps ours(gst_pad_get_pad_template_caps(src_pad));
  const OwnedCaps theirs(gst_pad_peer_query_caps(src_pad, ours.get()));
  // In our order of preference, the native rate first.
  OwnedCaps caps(gst_caps_intersect_full(ours.get(), theirs.get(), GST_CAPS_INTERSECT_FIRST));
  if (gst_caps_is_empty(caps.get())) {
    GST_INFO_OBJECT(src_pad, "no common format with %" GST_PTR_FORMAT, theirs.get());
    return nullptr;
  }
  caps.reset(gst_caps_make_writable(gst_caps_truncate(caps.release())));
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  gst_structure_fixate_field_nearest_int(structure, "rate", kOutputRateHz);
  gst_structure_fixate_field_string(structure, "format", GST_AUDIO_NE(S16));
  return OwnedCaps(gst_caps_fixate(caps.release()));
}

}  // namespace chatterbox::gst
