// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The engine of the elements over libchatterbox.
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "chatterbox/error.h"
#include "chatterbox/voice_library.h"
#include "chatterbox/watermark.h"
#include "synthesizer.h"

namespace chatterbox::gst {

namespace {

// The model's own voice. Throws kNotFound when it has none.
const Voice& own_voice(const Model& model) {
  if (!model.builtin_voice())
    throw Error(ErrorCode::kNotFound, "the model in '" + model.path() +
                                          "' has no voice of its own; expected a voice to be "
                                          "chosen, got none");
  return *model.builtin_voice();
}

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

  void warm_up(std::stop_token stop) override { engine_.warm_up(std::move(stop)); }

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
  std::optional<Voice> voice_;           // taken up last
};

class EngineConverter final : public VoiceConverter {
 public:
  EngineConverter(std::shared_ptr<const Model> model, const std::string& voice_path,
                  const ConversionOptions& options, std::stop_token stop)
      : model_(model),
        engine_(model),
        converter_(model, read(voice_path, std::move(stop)), options) {}

  void set_voice(const std::string& path) override {
    const std::lock_guard lock(voice_mutex_);
    converter_.set_voice(read(path, {}));
  }

  void push(std::span<const float> samples) override { converter_.push(samples); }
  std::vector<float> pop(std::stop_token stop) override { return converter_.pop(std::move(stop)); }
  std::vector<float> drain(std::stop_token stop) override {
    return converter_.drain(std::move(stop));
  }
  std::vector<float> abandon() override { return converter_.abandon(); }
  void reset() override { converter_.reset(); }
  void set_chunk_size(int tokens) override { converter_.set_chunk_size(tokens); }
  void set_muted(bool muted) override { converter_.set_muted(muted); }
  std::int64_t next_chunk() const override { return converter_.next_chunk(); }
  ConversionStats stats() const override { return converter_.stats(); }
  void warm_up(std::stop_token stop) override { converter_.warm_up(std::move(stop)); }

 private:
  Voice read(const std::string& path, std::stop_token stop) {
    return path.empty() ? own_voice(*model_) : load_voice(path, engine_, std::move(stop));
  }

  std::shared_ptr<const Model> model_;
  std::mutex voice_mutex_;
  Engine engine_;  // for voices: guarded by voice_mutex_
  Converter converter_;
};

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

class EngineModel final : public SpeechModel {
 public:
  explicit EngineModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  std::unique_ptr<Synthesizer> make_synthesizer() override {
    return std::make_unique<EngineSynthesizer>(model_);
  }
  std::unique_ptr<VoiceMaker> make_voice_maker() override {
    return std::make_unique<EngineVoiceMaker>(model_);
  }
  std::unique_ptr<VoiceConverter> make_converter(const std::string& voice_path,
                                                 const ConversionOptions& options,
                                                 std::stop_token stop) override {
    return std::make_unique<EngineConverter>(model_, voice_path, options, std::move(stop));
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
