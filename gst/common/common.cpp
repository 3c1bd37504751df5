// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "common.h"

#include <mutex>
#include <new>

#include "chatterbox/voice_library.h"

GST_DEBUG_CATEGORY(gst_chatterbox_debug);
GST_DEBUG_CATEGORY(gst_chatterbox_tts_debug);
GST_DEBUG_CATEGORY(gst_chatterbox_vc_debug);
GST_DEBUG_CATEGORY(gst_chatterbox_clone_debug);

namespace chatterbox::gst {

void init_debug_categories() {
  static std::once_flag once;
  std::call_once(once, [] {
    GST_DEBUG_CATEGORY_INIT(gst_chatterbox_debug, "chatterbox", 0, "Chatterbox library");
    GST_DEBUG_CATEGORY_INIT(gst_chatterbox_tts_debug, "chatterboxtts", 0, "Text to speech");
    GST_DEBUG_CATEGORY_INIT(gst_chatterbox_vc_debug, "chatterboxvc", 0, "Voice conversion");
    GST_DEBUG_CATEGORY_INIT(gst_chatterbox_clone_debug, "chatterboxclone", 0, "Voice cloning");
  });
}

std::string find_voice(const std::string& setting) {
  return setting.empty() ? "" : VoiceLibrary().path_of(setting);
}

Failure current_failure() noexcept {
  Failure failure;
  try {
    try {
      throw;
    } catch (const VoiceError& error) {
      failure = {error.code(), error.what(), true};
    } catch (const Error& error) {
      failure = {error.code(), error.what()};
    } catch (const std::bad_alloc&) {
      failure = {ErrorCode::kOutOfMemory, "memory is exhausted"};
    } catch (const std::exception& error) {
      failure.message = error.what();
    } catch (...) {
      failure.message = "an exception of an unknown type";
    }
  } catch (...) {
    // Copying the message failed; the code alone has to do.
  }
  return failure;
}

ElementErrorCode element_error_code(const Failure& failure) {
  const GQuark resource = GST_RESOURCE_ERROR;
  switch (failure.code) {
    case ErrorCode::kNotFound:
      if (failure.about_voice)
        return {resource, GST_RESOURCE_ERROR_SETTINGS, "The voice was not found."};
      return {resource, GST_RESOURCE_ERROR_NOT_FOUND, "The speech model was not found."};
    case ErrorCode::kBadFile:
      if (failure.about_voice)
        return {resource, GST_RESOURCE_ERROR_READ, "The voice file cannot be read."};
      return {resource, GST_RESOURCE_ERROR_READ, "The speech model cannot be read."};
    case ErrorCode::kInvalidArgument:
      if (failure.about_voice)
        return {resource, GST_RESOURCE_ERROR_SETTINGS, "The voice does not suit the model."};
      return {resource, GST_RESOURCE_ERROR_SETTINGS, "A setting or the text was refused."};
    case ErrorCode::kOutOfMemory:
      return {resource, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "The device is out of memory."};
    case ErrorCode::kCancelled:
    case ErrorCode::kModelFailure:
      break;
  }
  return {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED, "The speech model failed."};
}

void post(GstElement* element, GstMessageType type, const Failure& failure) {
  const ElementErrorCode error = element_error_code(failure);
  gst_element_message_full(element, type, error.domain, error.code, g_strdup(error.text),
                           g_strdup(failure.message.c_str()), __FILE__, GST_FUNCTION, __LINE__);
}

void post_fields(GstElement* element, GstStructure* fields) {
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), fields));
}

bool is_backwards_seek(GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_SEEK) return false;
  gdouble rate = 1;
  gst_event_parse_seek(event, &rate, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  return rate < 0;
}

bool accept_rate(GstElement* element, const GstSegment& segment) {
  if (segment.rate >= 0) return true;
  GST_ELEMENT_ERROR(element, STREAM, FORMAT, ("Speech cannot run backwards."),
                    ("Expected a segment with a positive rate, got %g.", segment.rate));
  return false;
}

}  // namespace chatterbox::gst
