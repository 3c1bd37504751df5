// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "clone_job.h"

#include <filesystem>
#include <utility>

#include "background.h"
#include "chatterbox/audio_file.h"
#include "chatterbox/error.h"
#include "voice_maker.h"

namespace chatterbox::gst {

namespace fs = std::filesystem;

namespace {

// The library and the file, both or neither.
void save(const CloneJob::Request& request, VoiceMaker& maker, VoiceEntry& voice) {
  const CloneSettings& settings = request.settings;
  std::error_code ignored;
  const bool existed = fs::exists(settings.location, ignored);
  if (!settings.location.empty()) maker.save_voice(settings.location);
  if (settings.voice_name.empty()) {
    voice.path = settings.location;
    voice.seconds = request.recording.seconds();
    return;
  }
  try {
    NewVoice added;
    added.name = settings.voice_name;
    added.description = settings.description;
    added.provenance = "recorded from a stream";
    voice = library_of(settings).add(added, request.recording, settings.overwrite);
  } catch (...) {
    if (!settings.location.empty() && !existed) fs::remove(settings.location, ignored);
    throw;
  }
}

// kNotFound and kBadFile while saving are about the disk; anything the library
// refuses now it would have refused before, but for somebody quicker.
CloneFailure saving_failure() {
  const Failure failure = current_failure();
  const bool taken = failure.code == ErrorCode::kInvalidArgument;
  return {taken ? CloneReason::kTaken : CloneReason::kDisk, failure};
}

}  // namespace

CloneJob::Result CloneJob::run(const Request& request, const std::stop_token& stop) {
  Result result;
  bool saving = false;
  try {
    result.failure = judge(request.quality, request.settings.min_duration_ms / 1000.0);
    if (!result.failure) result.failure = check_names(request.settings);
    if (result.failure) return result;
    const auto model = acquire_model(request.model, [&](double) { return !stop.stop_requested(); });
    const std::unique_ptr<VoiceMaker> maker = model->make_voice_maker();
    result.model_id = maker->model_id();
    result.failure = judge_length(request.recording, maker->min_seconds());
    if (result.failure) return result;
    maker->make_voice(request.recording, stop);
    if (stop.stop_requested()) throw Error(ErrorCode::kCancelled, "making the voice was cancelled");
    saving = true;
    save(request, *maker, result.voice);
  } catch (...) {
    result.failure =
        saving ? saving_failure() : CloneFailure{CloneReason::kModel, current_failure()};
  }
  return result;
}

std::shared_ptr<CloneJob> CloneJob::start(Request request, Done done) {
  auto job = std::make_shared<CloneJob>();
  // Rounded as it will be read from disk, so that the engine knows it again.
  request.recording = round_to_16_bits(std::move(request.recording));
  run_in_background("chatterbox-clone", [request = std::move(request), done = std::move(done),
                                         stop = job->stop_.get_token()] {
    Result result = run(request, stop);
    if (stop.stop_requested() && result.failure) return;
    done(request, result);
  });
  return job;
}

}  // namespace chatterbox::gst
