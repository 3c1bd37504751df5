// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// What makes a voice impossible, and what is said then.
#include <cstdio>
#include <filesystem>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "clone_job.h"

namespace chatterbox::gst {

namespace {

CloneFailure failed(CloneReason reason, std::string message) {
  return {reason, {ErrorCode::kInvalidArgument, std::move(message)}};
}

}  // namespace

const char* to_string(CloneReason reason) {
  switch (reason) {
    case CloneReason::kTooShort:
      return "too-short";
    case CloneReason::kSilent:
      return "silent";
    case CloneReason::kNoisy:
      return "noisy";
    case CloneReason::kClipped:
      return "clipped";
    case CloneReason::kBadName:
      return "bad-name";
    case CloneReason::kTaken:
      return "taken";
    case CloneReason::kDisk:
      return "disk";
    case CloneReason::kModel:
      return "model";
  }
  return "unknown";
}

bool is_about_recording(CloneReason reason) {
  return reason == CloneReason::kTooShort || reason == CloneReason::kSilent ||
         reason == CloneReason::kNoisy || reason == CloneReason::kClipped;
}

ElementErrorCode element_error_code(const CloneFailure& failure) {
  const GQuark resource = GST_RESOURCE_ERROR;
  const GQuark stream = GST_STREAM_ERROR;
  switch (failure.reason) {
    case CloneReason::kTooShort:
      return {stream, GST_STREAM_ERROR_FAILED, "There was too little speech to make a voice."};
    case CloneReason::kSilent:
      return {stream, GST_STREAM_ERROR_FAILED, "There was no speech to make a voice of."};
    case CloneReason::kNoisy:
      return {stream, GST_STREAM_ERROR_FAILED, "The speech is too noisy to make a voice."};
    case CloneReason::kClipped:
      return {stream, GST_STREAM_ERROR_FAILED, "The speech is too distorted to make a voice."};
    case CloneReason::kBadName:
      return {resource, GST_RESOURCE_ERROR_SETTINGS, "A voice cannot have that name."};
    case CloneReason::kTaken:
      return {resource, GST_RESOURCE_ERROR_SETTINGS, "There is a voice of that name already."};
    case CloneReason::kDisk:
      return {resource,
              failure.failure.code == ErrorCode::kNotFound ? GST_RESOURCE_ERROR_OPEN_WRITE
                                                           : GST_RESOURCE_ERROR_WRITE,
              "The voice cannot be saved."};
    case CloneReason::kModel:
      break;
  }
  return element_error_code(failure.failure);
}

std::optional<CloneFailure> judge(const RecordingQuality& quality, double min_seconds) {
  const auto fault = recording_fault(quality, min_seconds);
  if (!fault) return std::nullopt;
  switch (fault->kind) {
    case RecordingFault::Kind::kTooShort:
      return failed(CloneReason::kTooShort, fault->message);
    case RecordingFault::Kind::kSilent:
      return failed(CloneReason::kSilent, fault->message);
    case RecordingFault::Kind::kNoisy:
      return failed(CloneReason::kNoisy, fault->message);
    default:
      return failed(CloneReason::kClipped, fault->message);
  }
}

std::optional<CloneFailure> judge_length(const Audio& recording, double more_than_seconds) {
  if (recording.seconds() > more_than_seconds) return std::nullopt;
  char message[100];
  std::snprintf(message, sizeof message, "expected more than %.1f s for this model, got %.1f s",
                more_than_seconds, recording.seconds());
  return failed(CloneReason::kTooShort, message);
}

VoiceLibrary library_of(const CloneSettings& settings) {
  if (settings.voice_library.empty()) return {};
  return {settings.voice_library, {}};
}

std::optional<CloneFailure> check_names(const CloneSettings& settings) {
  const std::string& name = settings.voice_name;
  std::error_code ignored;
  try {
    if (!name.empty()) check_voice_name(name);
  } catch (const Error& error) {
    return failed(CloneReason::kBadName, error.what());
  }
  if (settings.overwrite) return std::nullopt;
  if (!name.empty() && library_of(settings).contains(name))
    return failed(CloneReason::kTaken, "expected a new name for a voice, got '" + name +
                                           "', which is taken; set overwrite to replace it");
  if (!settings.location.empty() && std::filesystem::exists(settings.location, ignored))
    return failed(CloneReason::kTaken, "expected a new file, got '" + settings.location +
                                           "', which exists; set overwrite to replace it");
  return std::nullopt;
}

}  // namespace chatterbox::gst
