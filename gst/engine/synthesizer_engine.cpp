// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "chatterbox/watermark.h"
#include "converter_engine.h"
#include "synthesizer.h"
#include "voice_maker_engine.h"

namespace chatterbox::gst {

namespace {

class EngineSynthesizer final : public Synthesizer {
 public:
  explicit EngineSynthesizer(std::shared_ptr<const Model> model) : model_(model), engine_(model) {}

  void set_voice(const std::string& path, std::stop_token stop) override {
    if (path.empty()) {
      voice_ = own_voice(*model_);
    } else {
      voice_ = voice_in(path, std::move(stop));
    }
  }

  SynthesisStats speak(std::string_view text, const SynthesisOptions& options, const Sink& sink,
                       std::stop_token stop) override {
    if (!voice_) set_voice("", stop);
    return engine_.synthesize(text, *voice_, options, sink, std::move(stop));
  }

  Marker marker() override {
    return [watermark = model_->watermark()](std::vector<float> speech) {
      return apply_watermark(watermark, {std::move(speech), kOutputRateHz}).samples;
    };
  }

  void warm_up() override { engine_.warm_up(); }

 private:
  std::shared_ptr<const Model> model_;
  Engine engine_;
  // Dialogues change between a few voices; a file may be written anew.
  const Voice& voice_in(const std::string& path, std::stop_token stop) {
    std::error_code unknown;
    const auto written = std::filesystem::last_write_time(path, unknown);
    const auto known = voices_.find(path);
    if (known != voices_.end() && known->second.written == written) return known->second.voice;
    Voice voice = load_voice(path, engine_, std::move(stop));
    if (voices_.size() >= kMaxVoices) voices_.clear();
    return voices_.insert_or_assign(path, Known{written, std::move(voice)}).first->second.voice;
  }

  static constexpr std::size_t kMaxVoices = 16;
  struct Known {
    std::filesystem::file_time_type written;
    Voice voice;
  };
  std::map<std::string, Known> voices_;  // by path
  std::optional<Voice> voice_;           // of what is spoken next
};

class EngineModel final : public SpeechModel {
 public:
  explicit EngineModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  std::unique_ptr<Synthesizer> make_synthesizer() override {
    return std::make_unique<EngineSynthesizer>(model_);
  }
  std::unique_ptr<VoiceMaker> make_voice_maker() override {
    return make_engine_voice_maker(model_);
  }
  std::unique_ptr<VoiceConverter> make_converter(const std::string& voice_path,
                                                 const ConversionOptions& options) override {
    return make_engine_converter(model_, voice_path, options);
  }

 private:
  std::shared_ptr<const Model> model_;
};

}  // namespace

std::shared_ptr<SpeechModel> load_speech_model(const std::string& path, const ModelOptions& options,
                                               const Model::Progress& progress) {
  return std::make_shared<EngineModel>(Model::load(path, options, progress));
}

ModelFacts speech_model_facts(const std::string& path, const std::string& family) {
  return read_model_facts(path, family);
}

}  // namespace chatterbox::gst
