// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "chatterbox/audio.h"
#include "chatterbox/voice_library.h"
#include "chatterbox/voice_recorder.h"
#include "clone_settings.h"
#include "common.h"
#include "model_loader.h"

namespace chatterbox::gst {

// Why there is no voice.
enum class CloneReason { kTooShort, kSilent, kNoisy, kClipped, kBadName, kTaken, kDisk, kModel };

struct CloneFailure {
  CloneReason reason = CloneReason::kModel;
  Failure failure;
};

// The word for it in messages.
const char* to_string(CloneReason reason);
// The recording is at fault, not a setting: the stream goes on, perhaps to a better one.
bool is_about_recording(CloneReason reason);
ElementErrorCode element_error_code(const CloneFailure& failure);

// The fault of a recording that is too bad for a voice.
std::optional<CloneFailure> judge(const RecordingQuality& quality, double min_seconds);
// The fault of a recording too short for a model.
std::optional<CloneFailure> judge_length(const Audio& recording, double more_than_seconds);

// The library that settings mean.
VoiceLibrary library_of(const CloneSettings& settings);
// The fault of the names of a voice that is to be made.
std::optional<CloneFailure> check_names(const CloneSettings& settings);

// Makes a voice of a recording and saves it, in the background, on behalf of an
// element that may lose interest at any moment.
class CloneJob {
 public:
  struct Request {
    CloneSettings settings;
    ModelKey model;
    Audio recording;
    RecordingQuality quality;
  };
  struct Result {
    // Empty when all went well.
    std::optional<CloneFailure> failure;
    // Its entry in the library; without one, the file written to `location`.
    VoiceEntry voice;
    std::string model_id;
  };
  // Called in the background thread, unless the job was cancelled before the
  // voice was saved.
  using Done = std::function<void(const Request&, const Result&)>;

  static std::shared_ptr<CloneJob> start(Request request, Done done);
  // Returns at once.
  void cancel() { stop_.request_stop(); }

 private:
  static Result run(const Request& request, const std::stop_token& stop);
  std::stop_source stop_;
};

}  // namespace chatterbox::gst
