// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <string>

#include "chatterbox/error.h"

// One for each element; `chatterbox` is of the library and of what the elements share.
GST_DEBUG_CATEGORY_EXTERN(gst_chatterbox_debug);
GST_DEBUG_CATEGORY_EXTERN(gst_chatterbox_tts_debug);
GST_DEBUG_CATEGORY_EXTERN(gst_chatterbox_vc_debug);
GST_DEBUG_CATEGORY_EXTERN(gst_chatterbox_clone_debug);

namespace chatterbox::gst {

// Registers the debug categories. Safe to call often.
void init_debug_categories();

// A failure of the library, in a form that crosses threads.
struct Failure {
  ErrorCode code = ErrorCode::kModelFailure;
  std::string message;
  // The voice is at fault, not the speech.
  bool about_voice = false;
};

// An error whose cause is a voice.
struct VoiceError : Error {
  explicit VoiceError(const Error& error) : Error(error) {}
};
// Calls `use`, which is about a voice.
template <class Use>
auto about_voice(Use&& use) {
  try {
    return use();
  } catch (const Error& error) {
    throw VoiceError(error);
  }
}

// The file of a voice: "" for the model's own; else what VoiceLibrary::path_of() finds in the
// libraries of this machine. Throws kNotFound.
std::string find_voice(const std::string& setting);

// The exception being handled, as a Failure. Call inside a catch block.
Failure current_failure() noexcept;

// A Failure as GStreamer's errors have it: domain, code, sentence for users.
struct ElementErrorCode {
  GQuark domain;
  gint code;
  const char* text;
};
ElementErrorCode element_error_code(const Failure& failure);

// Posts the failure as an error message of the element, or as a warning: the stream goes on.
void post(GstElement* element, GstMessageType type, const Failure& failure);
inline void post_error(GstElement* element, const Failure& failure) {
  post(element, GST_MESSAGE_ERROR, failure);
}
inline void post_warning(GstElement* element, const Failure& failure) {
  post(element, GST_MESSAGE_WARNING, failure);
}

// Posts them as a message of the element.
void post_fields(GstElement* element, GstStructure* fields);

// A seek that asks for the stream backwards, which nobody can speak.
bool is_backwards_seek(GstEvent* event);
// Posts an error and returns false when the segment runs backwards.
bool accept_rate(GstElement* element, const GstSegment& segment);

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
  guarded(element, true, [&] { return function(), true; });
}

}  // namespace chatterbox::gst
