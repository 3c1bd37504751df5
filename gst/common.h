// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <exception>
#include <string>

#include "chatterbox/error.h"

GST_DEBUG_CATEGORY_EXTERN(gst_chatterbox_debug);

namespace chatterbox::gst {

// Registers the debug category of the elements. Safe to call often.
void init_debug_category();

// What went wrong in the library, in a form that crosses threads.
struct Failure {
  ErrorCode code = ErrorCode::kModelFailure;
  std::string message;
  // The voice, not the speech, is at fault.
  bool about_voice = false;
};

// The exception being handled, as a Failure. Call inside a catch block.
Failure current_failure() noexcept;

// Where a Failure belongs in GStreamer's errors, and what a user is told.
struct ElementErrorCode {
  GQuark domain;
  gint code;
  const char* text;
};
ElementErrorCode element_error_code(const Failure& failure);

// Posts the failure as an error message of the element.
void post_error(GstElement* element, const Failure& failure);
// Posts it as a warning: the stream goes on.
void post_warning(GstElement* element, const Failure& failure);

// What a task that can push no more owes its pipeline: an error message, unless it
// was told to stop, and EOS (as the one with `seqnum`, if there is one).
void announce_stop(GstElement* element, GstPad* src_pad, GstFlowReturn flow, guint32 seqnum);

// GLib's frames are C: an exception must not pass through them. Every entry
// from GLib into C++ runs inside this barrier.
template <class Result, class Function>
Result guarded(gpointer element, Result fallback, Function&& function) noexcept {
  try {
    return function();
  } catch (...) {
    post_error(GST_ELEMENT(element), current_failure());
    return fallback;
  }
}

template <class Function>
void guarded(gpointer element, Function&& function) noexcept {
  try {
    function();
  } catch (...) {
    post_error(GST_ELEMENT(element), current_failure());
  }
}

}  // namespace chatterbox::gst
