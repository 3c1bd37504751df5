// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <optional>

#include "chatterbox/error.h"
#include "chatterbox/voice.h"
#include "speaker.h"

namespace chatterbox::gst {

namespace {

class EngineSpeaker final : public Speaker {
 public:
  explicit EngineSpeaker(std::shared_ptr<const Model> model) : model_(model), engine_(model) {}

  void set_voice(const std::string& path) override {
    if (voice_ && path == path_) return;
    if (path.empty()) {
      if (!model_->builtin_voice())
        throw Error(ErrorCode::kNotFound, "the model in '" + model_->path() +
                                              "' has no voice of its own; expected a voice to be "
                                              "chosen, got none");
      voice_ = *model_->builtin_voice();
    } else {
      voice_ = Voice::load(path, *model_);
    }
    path_ = path;
  }

  SynthesisStats speak(std::string_view text, const SynthesisOptions& options,
                       const Sink& sink) override {
    if (!voice_) set_voice("");
    return engine_.synthesize(text, *voice_, options, sink);
  }

  void cancel() override { engine_.cancel(); }
  void warm_up() override { engine_.warm_up(); }

 private:
  std::shared_ptr<const Model> model_;
  Engine engine_;
  std::optional<Voice> voice_;
  std::string path_;
};

class EngineModel final : public SpeakerModel {
 public:
  explicit EngineModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  std::unique_ptr<Speaker> make_speaker() override {
    return std::make_unique<EngineSpeaker>(model_);
  }

 private:
  std::shared_ptr<const Model> model_;
};

}  // namespace

std::shared_ptr<SpeakerModel> load_speaker_model(const std::string& path,
                                                 const ModelOptions& options,
                                                 const Model::Progress& progress) {
  return std::make_shared<EngineModel>(Model::load(path, options, progress));
}

}  // namespace chatterbox::gst
