// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice_maker_engine.h"

#include <optional>
#include <utility>

namespace chatterbox::gst {

namespace {

class EngineVoiceMaker final : public VoiceMaker {
 public:
  explicit EngineVoiceMaker(std::shared_ptr<const Model> model) : engine_(std::move(model)) {}

  std::string model_id() const override { return engine_.model()->id(); }
  double min_seconds() const override { return engine_.model()->min_reference_seconds(); }
  void make_voice(const Audio& recording, std::stop_token stop) override {
    voice_ = engine_.make_voice(recording, std::move(stop));
  }
  void save_voice(const std::string& path) override { voice_.value().save(path, *engine_.model()); }

 private:
  Engine engine_;
  std::optional<Voice> voice_;
};

}  // namespace

std::unique_ptr<VoiceMaker> make_engine_voice_maker(std::shared_ptr<const Model> model) {
  return std::make_unique<EngineVoiceMaker>(std::move(model));
}

}  // namespace chatterbox::gst
