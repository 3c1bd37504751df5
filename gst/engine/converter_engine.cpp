// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "converter_engine.h"

#include <mutex>
#include <utility>

#include "chatterbox/error.h"

namespace chatterbox::gst {

namespace {

class EngineConverter final : public VoiceConverter {
 public:
  EngineConverter(std::shared_ptr<const Model> model, const std::string& voice_path,
                  const ConversionOptions& options)
      : model_(model), engine_(model), converter_(model, read(voice_path), options) {}

  void set_voice(const std::string& path) override {
    const std::lock_guard lock(voice_mutex_);
    converter_.set_voice(read(path));
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
  void warm_up() override { converter_.warm_up(); }

 private:
  Voice read(const std::string& path) {
    return path.empty() ? own_voice(*model_) : load_voice(path, engine_);
  }

  std::shared_ptr<const Model> model_;
  std::mutex voice_mutex_;
  Engine engine_;  // for voices: guarded by voice_mutex_
  Converter converter_;
};

}  // namespace

const Voice& own_voice(const Model& model) {
  if (!model.builtin_voice())
    throw Error(ErrorCode::kNotFound, "the model in '" + model.path() +
                                          "' has no voice of its own; expected a voice to be "
                                          "chosen, got none");
  return *model.builtin_voice();
}

std::unique_ptr<VoiceConverter> make_engine_converter(std::shared_ptr<const Model> model,
                                                      const std::string& voice_path,
                                                      const ConversionOptions& options) {
  return std::make_unique<EngineConverter>(std::move(model), voice_path, options);
}

}  // namespace chatterbox::gst
