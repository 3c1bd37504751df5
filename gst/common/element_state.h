// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

namespace chatterbox::gst {

// The state changes of an element whose work is `stream`. What must be told before the parent class
// acts on the pads, is; a change to PAUSED that the stream refuses, or the parent, fails and leaves
// nothing behind.
template <class Stream>
GstStateChangeReturn change_state(Stream& stream, GstElement* element, gpointer parent_class,
                                  GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !stream.enter_paused()) {
    stream.leave_paused();
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) stream.set_playing(true);
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) stream.set_playing(false);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) stream.leave_paused();

  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(parent_class)->change_state(element, transition);

  if (result == GST_STATE_CHANGE_FAILURE && transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    stream.leave_paused();
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) stream.enter_null();
  return result;
}

}  // namespace chatterbox::gst
