// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "scripted_voice_maker.h"

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <utility>

#include "chatterbox/error.h"

namespace chatterbox::gst {

MakerScript& maker_script() {
  static MakerScript script;
  return script;
}

void reset_maker_script() {
  maker_script().per_voice = std::chrono::milliseconds(0);
  maker_script().fail = false;
  maker_script().min_seconds = 1;
  maker_script().before_voice = nullptr;
  maker_script().begun = maker_script().made = maker_script().cancelled = 0;
}

namespace {

class ScriptedVoiceMaker final : public VoiceMaker {
 public:
  explicit ScriptedVoiceMaker(std::shared_ptr<SpeakerModel> model) : model_(std::move(model)) {}

  std::string model_id() const override { return "0123456789abcdef"; }

  double min_seconds() const override {
    if (maker_script().before_voice) std::exchange(maker_script().before_voice, nullptr)();
    return maker_script().min_seconds;
  }

  void make_voice(const Audio&, std::stop_token stop) override {
    ++maker_script().begun;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, maker_script().per_voice, [] { return false; });
    if (stop.stop_requested()) {
      ++maker_script().cancelled;
      throw Error(ErrorCode::kCancelled, "scripted");
    }
    if (maker_script().fail) throw Error(ErrorCode::kModelFailure, "scripted");
    ++maker_script().made;
  }

  void save_voice(const std::string& path) override {
    std::ofstream file(path);
    file << "voice";
    if (!file) throw Error(ErrorCode::kNotFound, path + ": scripted");
  }

 private:
  const std::shared_ptr<SpeakerModel> model_;  // kept alive, as engines do
  std::mutex mutex_;
  std::condition_variable_any changed_;
};

}  // namespace

std::unique_ptr<VoiceMaker> make_scripted_voice_maker(std::shared_ptr<SpeakerModel> model) {
  return std::make_unique<ScriptedVoiceMaker>(std::move(model));
}

}  // namespace chatterbox::gst
