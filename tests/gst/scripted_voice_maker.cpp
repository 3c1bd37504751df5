// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "scripted_voice_maker.h"

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <utility>

#include "chatterbox/error.h"

namespace chatterbox::gst {

VoiceMakerScenario& voice_maker_scenario() {
  static VoiceMakerScenario scenario;
  return scenario;
}

void reset_voice_maker_scenario() {
  voice_maker_scenario().per_voice = std::chrono::milliseconds(0);
  voice_maker_scenario().fail = false;
  voice_maker_scenario().min_seconds = 1;
  voice_maker_scenario().before_voice = nullptr;
  voice_maker_scenario().begun = voice_maker_scenario().made = voice_maker_scenario().cancelled = 0;
}

namespace {

class ScriptedVoiceMaker final : public VoiceMaker {
 public:
  explicit ScriptedVoiceMaker(std::shared_ptr<SpeechModel> model) : model_(std::move(model)) {}

  std::string model_id() const override { return "0123456789abcdef"; }

  double min_seconds() const override {
    if (voice_maker_scenario().before_voice)
      std::exchange(voice_maker_scenario().before_voice, nullptr)();
    return voice_maker_scenario().min_seconds;
  }

  void make_voice(const Audio&, std::stop_token stop) override {
    ++voice_maker_scenario().begun;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, voice_maker_scenario().per_voice, [] { return false; });
    if (stop.stop_requested()) {
      ++voice_maker_scenario().cancelled;
      throw Error(ErrorCode::kCancelled, "scripted");
    }
    if (voice_maker_scenario().fail) throw Error(ErrorCode::kModelFailure, "scripted");
    ++voice_maker_scenario().made;
  }

  void save_voice(const std::string& path) override {
    std::ofstream file(path);
    file << "voice";
    if (!file) throw Error(ErrorCode::kNotFound, path + ": scripted");
  }

 private:
  const std::shared_ptr<SpeechModel> model_;  // kept alive, as engines do
  std::mutex mutex_;
  std::condition_variable_any changed_;
};

}  // namespace

std::unique_ptr<VoiceMaker> make_scripted_voice_maker(std::shared_ptr<SpeechModel> model) {
  return std::make_unique<ScriptedVoiceMaker>(std::move(model));
}

}  // namespace chatterbox::gst
