// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "scripted_synthesizer.h"

#include <cmath>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chatterbox/error.h"
#include "chatterbox/time_stretch.h"
#include "scripted_converter.h"
#include "scripted_voice_maker.h"
#include "synthesizer.h"

namespace chatterbox::gst {

Scenario& scenario() {
  static Scenario scenario;
  return scenario;
}

void reset_scenario() {
  scenario().load = std::chrono::milliseconds(0);
  scenario().warm_up = std::chrono::milliseconds(0);
  scenario().warm_ups = 0;
  scenario().per_byte = std::chrono::milliseconds(0);
  scenario().samples_per_byte = 960;
  scenario().loads = scenario().cancelled_loads = 0;
  scenario().utterances = scenario().cancelled_utterances = 0;
  const std::lock_guard lock(scenario().mutex);
  scenario().spoken.clear();
}

std::vector<SpokenText> spoken_texts() {
  const std::lock_guard lock(scenario().mutex);
  return scenario().spoken;
}

void warm_up_as_scripted(const std::stop_token& stop) {
  ++scenario().warm_ups;
  const auto end = std::chrono::steady_clock::now() + scenario().warm_up.load();
  while (std::chrono::steady_clock::now() < end) {
    if (stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped by the caller");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

double pitch_of(char byte) { return 200.0 + 10.0 * (static_cast<unsigned char>(byte) % 128); }

namespace {

class ScriptedSynthesizer final : public Synthesizer {
 public:
  explicit ScriptedSynthesizer(std::shared_ptr<SpeechModel> model) : model_(std::move(model)) {}

  void set_voice(const std::string& path, std::stop_token) override {
    if (path.find("corrupt") != path.npos)
      throw Error(ErrorCode::kBadFile, "expected a voice, got '" + path + "'");
    voice_ = path;
  }

  SynthesisStats speak(std::string_view text, const SynthesisOptions& options, const Sink& sink,
                       std::stop_token stop) override {
    ++scenario().utterances;
    {
      const std::lock_guard lock(scenario().mutex);
      scenario().spoken.push_back({std::string(text), voice_, options});
    }
    const auto has = [text](const char* mark) { return text.find(mark) != text.npos; };
    if (has("[throw]")) throw std::logic_error("scripted");
    if (has("[memory]")) throw Error(ErrorCode::kOutOfMemory, "scripted");
    if (has("[fail]")) throw Error(ErrorCode::kModelFailure, "scripted");
    if (has("[once]") && !std::exchange(failed_, true))
      throw Error(ErrorCode::kModelFailure, "scripted, once");

    SynthesisStats stats;
    stats.seed = options.seed.value_or(1);
    std::vector<float> chunk;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (has("[late]") && at > text.size() / 2)
        throw Error(ErrorCode::kModelFailure, "scripted, late");
      std::this_thread::sleep_for(scenario().per_byte.load());
      const double step = 2 * M_PI * pitch_of(text[at]) / kOutputRateHz;
      for (std::size_t i = 0; i < scenario().samples_per_byte; ++i)
        chunk.push_back(float(0.5 * std::sin(step * double(i))));
      const bool last = at + 1 == text.size();
      const bool full = options.speed == 1 && chunk.size() >= std::size_t(options.chunk_size) *
                                                                  scenario().samples_per_byte;
      bool go_on = !stop.stop_requested();
      if (go_on && (full || last)) {
        chunk = stretch_time(chunk, kOutputRateHz, options.speed);
        const std::int64_t end = stats.samples + std::int64_t(chunk.size());
        std::vector<WordTime> words;
        if (has("[words]")) words.push_back({"word", stats.samples, end});
        const std::int64_t before = has("[silence]") && stats.samples == 0 ? kSilenceBefore : 0;
        const std::int64_t after = has("[silence]") && last ? kSilenceAfter : 0;
        go_on = sink({chunk, stats.samples, last, words, before, after});
        stats.samples = end;
        chunk.clear();
      } else if (go_on) {
        go_on = sink({{}, stats.samples, false, {}});
      }
      if (!go_on) {
        ++scenario().cancelled_utterances;
        throw Error(ErrorCode::kCancelled, "scripted");
      }
    }
    stats.speech_tokens = std::int64_t(text.size());
    stats.seconds_total = 0.001 * double(text.size());
    return stats;
  }

  // Twice as loud.
  Marker marker() override {
    return [](std::vector<float> speech) {
      for (float& sample : speech) sample *= 2;
      return speech;
    };
  }

  void warm_up(std::stop_token stop) override { warm_up_as_scripted(stop); }

 private:
  const std::shared_ptr<SpeechModel> model_;  // kept alive, as engines do
  bool failed_ = false;
  std::string voice_;
};

class ScriptedModel final : public SpeechModel, public std::enable_shared_from_this<ScriptedModel> {
 public:
  ScriptedModel() { ++scenario().models_alive; }
  ~ScriptedModel() override { --scenario().models_alive; }
  std::unique_ptr<Synthesizer> make_synthesizer() override {
    return std::make_unique<ScriptedSynthesizer>(shared_from_this());
  }
  std::unique_ptr<VoiceMaker> make_voice_maker() override {
    return make_scripted_voice_maker(shared_from_this());
  }
  std::unique_ptr<VoiceConverter> make_converter(const std::string& voice_path,
                                                 const ConversionOptions& options,
                                                 std::stop_token) override {
    return make_scripted_converter(voice_path, options, shared_from_this());
  }
};

}  // namespace

ModelFacts speech_model_facts(const std::string& path, const std::string&) {
  if (path.find("missing") != path.npos)
    throw Error(ErrorCode::kNotFound, "expected a model, got no '" + path + "'");
  return {"Scripted", "multilingual", {"en", "fr"}, {"[laugh]"}, 1.0};
}

std::shared_ptr<SpeechModel> load_speech_model(const std::string& path, const ModelOptions&,
                                               const Model::Progress& progress) {
  ++scenario().loads;
  const auto begin = std::chrono::steady_clock::now();
  for (auto passed = begin - begin; passed <= scenario().load.load();
       passed = std::chrono::steady_clock::now() - begin) {
    const double total = std::chrono::duration<double>(scenario().load.load()).count();
    const double done = std::chrono::duration<double>(passed).count();
    if (!progress(total > 0 ? done / total : 1, "scripted")) {
      ++scenario().cancelled_loads;
      throw Error(ErrorCode::kCancelled, "scripted");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (path.find("missing") != path.npos)
    throw Error(ErrorCode::kNotFound, "expected a model, got no '" + path + "'");
  if (path.find("corrupt") != path.npos)
    throw Error(ErrorCode::kBadFile, "expected a model, got '" + path + "'");
  return std::make_shared<ScriptedModel>();
}

}  // namespace chatterbox::gst
