// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "advice.h"
#include "chatterbox/engine.h"
#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "chatterbox/voice_library.h"
#include "commands.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kSentences[] = {
    "The boats came back before dawn, and nobody asked why they had gone.",
    "Please take the second street on the left, behind the old post office.",
    "It was the first warm evening of the year.",
};

// Names of the models on this machine, each once.
std::vector<std::string> models_here() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const std::string& directory : model_directories())
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_directory(ignored) && name[0] != '.' && name != "watermark" &&
          std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
    }
  return names;
}

struct Figures {
  std::string dtype, device;
  double load_seconds = 0, first_audio_seconds = 0, real_time_factor = 0;
};

Figures measure(const std::string& name, const Arguments& arguments, const Console& console) {
  using Clock = std::chrono::steady_clock;
  ModelOptions options;
  options.family = arguments.text("family");
  options.device = arguments.text("device", "auto");
  options.dtype = arguments.text("dtype", "auto");
  options.quality = arguments.text("quality");
  options.threads = int(arguments.number("threads", 0, 0, 1024));
  const auto start = Clock::now();
  const auto model = Model::load(find_model(name), options, [&](double fraction, std::string_view) {
    console.progress(name + ": loading, " + std::to_string(int(fraction * 100)) + " %");
    return true;
  });
  Figures figures{model->dtype(), model->device(),
                  std::chrono::duration<double>(Clock::now() - start).count()};
  Engine engine(model);
  const VoiceLibrary library;
  const auto voices = library.list();
  if (!model->builtin_voice() && voices.empty())
    throw Error(ErrorCode::kNotFound,
                name + " has no voice of its own, and there are no others: chatterbox voices add");
  const Voice voice =
      model->builtin_voice() ? *model->builtin_voice() : library.voice(voices[0], engine);
  console.progress(name + ": warming up");
  engine.warm_up();
  std::vector<double> first_audio;
  double speech = 0, work = 0;
  for (const char* sentence : kSentences) {
    console.progress(name + ": speaking");
    SynthesisOptions synthesis;
    synthesis.seed = 1;
    const auto stats =
        engine.synthesize(sentence, voice, synthesis, [](const SpeechChunk&) { return true; });
    first_audio.push_back(stats.seconds_to_first_audio);
    speech += double(stats.samples) / kOutputRateHz;
    work += stats.seconds_total;
  }
  std::sort(first_audio.begin(), first_audio.end());
  figures.first_audio_seconds = first_audio[first_audio.size() / 2];
  figures.real_time_factor = speech > 0 ? work / speech : 0;
  console.end_progress();
  return figures;
}

int bench(const Arguments& arguments, const Console& console) {
  std::vector<std::string> names = arguments.words();
  // The default model comes first.
  if (names.empty()) names = models_here();
  if (names.empty()) names = {find_model("")};
  int status = kDone;
  json array = json::array();
  if (!console.json())
    std::printf("%s%s%s%s%s\n", padded("model", 16).c_str(), padded("type", 10).c_str(),
                padded("load", 8).c_str(), padded("first sound", 13).c_str(), "work per second");
  for (const std::string& name : names) {
    try {
      const Figures figures = measure(name, arguments, console);
      const bool live = figures.real_time_factor < 1;
      array.push_back({{"model", name},
                       {"device", figures.device},
                       {"dtype", figures.dtype},
                       {"load_seconds", figures.load_seconds},
                       {"first_audio_seconds", figures.first_audio_seconds},
                       {"real_time_factor", figures.real_time_factor},
                       {"real_time", live}});
      if (console.json()) continue;
      char load[16], first[16], factor[32];
      std::snprintf(load, sizeof load, "%.1f s", figures.load_seconds);
      std::snprintf(first, sizeof first, "%.0f ms", figures.first_audio_seconds * 1000);
      std::snprintf(factor, sizeof factor, "%.2f s, %s", figures.real_time_factor,
                    live ? "in real time" : "too slow to listen live");
      std::printf("%s%s%s%s%s\n", padded(name, 16).c_str(), padded(figures.dtype, 10).c_str(),
                  padded(load, 8).c_str(), padded(first, 13).c_str(), factor);
    } catch (const Error& error) {
      console.end_progress();
      console.warn(name + ": " + error.what() + advice(error.what()));
      status = kFailed;
    }
  }
  if (console.json()) std::puts(array.dump(1).c_str());
  return status;
}

}  // namespace

void add_bench_command(Runs& runs) { runs["bench"] = bench; }

}  // namespace chatterbox::cli
