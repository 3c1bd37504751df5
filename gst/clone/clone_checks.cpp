// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Reasons that make a voice impossible, and their messages.
#include <cstdio>
#include <filesystem>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "clone_job.h"

namespace chatterbox::gst {

namespace {

// A reason as messages have it, in the order of CloneReason.
struct ReasonRow {
  const char* word;
  bool about_recording;
  gint code;  // of GST_STREAM_ERROR about a recording, else of GST_RESOURCE_ERROR
  const char* text;
};
constexpr ReasonRow kReasons[] = {
    {"too-short", true, GST_STREAM_ERROR_FAILED, "There was too little speech to make a voice."},
    {"silent", true, GST_STREAM_ERROR_FAILED, "There was no speech to make a voice of."},
    {"noisy", true, GST_STREAM_ERROR_FAILED, "The speech is too noisy to make a voice."},
    {"clipped", true, GST_STREAM_ERROR_FAILED, "The speech is too distorted to make a voice."},
    {"bad-name", false, GST_RESOURCE_ERROR_SETTINGS, "A voice cannot have that name."},
    {"taken", false, GST_RESOURCE_ERROR_SETTINGS, "There is a voice of that name already."},
    {"disk", false, GST_RESOURCE_ERROR_WRITE, "The voice cannot be saved."},
    {"model", false, 0, nullptr},  // as the failure itself has it
};

const ReasonRow& row_of(CloneReason reason) { return kReasons[int(reason)]; }

CloneFailure failed(CloneReason reason, std::string message) {
  return {reason, {ErrorCode::kInvalidArgument, std::move(message)}};
}

}  // namespace

const char* to_string(CloneReason reason) { return row_of(reason).word; }

bool is_about_recording(CloneReason reason) { return row_of(reason).about_recording; }

ElementErrorCode element_error_code(const CloneFailure& failure) {
  const ReasonRow& row = row_of(failure.reason);
  if (!row.text) return element_error_code(failure.failure);
  ElementErrorCode error{row.about_recording ? GST_STREAM_ERROR : GST_RESOURCE_ERROR, row.code,
                         row.text};
  if (failure.reason == CloneReason::kDisk && failure.failure.code == ErrorCode::kNotFound)
    error.code = GST_RESOURCE_ERROR_OPEN_WRITE;
  return error;
}

std::optional<CloneFailure> judge(const RecordingQuality& quality, double min_seconds) {
  const auto fault = recording_fault(quality, min_seconds);
  if (!fault) return std::nullopt;
  using Kind = RecordingFault::Kind;
  return failed(fault->kind == Kind::kTooShort ? CloneReason::kTooShort
                : fault->kind == Kind::kSilent ? CloneReason::kSilent
                : fault->kind == Kind::kNoisy  ? CloneReason::kNoisy
                                               : CloneReason::kClipped,
                fault->message);
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
