// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// How soon and how fast the whole library speaks:
//   engine_bench MODEL_DIRECTORY [THREADS [DEVICE [DTYPE]]] < sentences.txt
// After warming up, with a fixed seed; one sentence a line.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "chatterbox/engine.h"
#include "chatterbox/error.h"

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double highest(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 5) {
    std::fprintf(stderr, "usage: %s MODEL_DIRECTORY [THREADS [DEVICE [DTYPE]]] < SENTENCES\n",
                 argv[0]);
    return 2;
  }
  try {
    chatterbox::ModelOptions model_options;
    if (argc > 2) model_options.threads = std::atoi(argv[2]);
    if (argc > 3) model_options.device = argv[3];
    if (argc > 4) model_options.dtype = argv[4];
    const auto start = std::chrono::steady_clock::now();
    const auto model = chatterbox::Model::load(argv[1], model_options);
    const std::chrono::duration<double> load = std::chrono::steady_clock::now() - start;
    if (!model->builtin_voice())
      throw chatterbox::Error(chatterbox::ErrorCode::kNotFound,
                              "expected a model with a voice of its own, got none");

    chatterbox::Engine engine(model);
    engine.warm_up();
    std::vector<double> first_audio, real_time_factor;
    double speech = 0, work = 0;
    for (std::string text; std::getline(std::cin, text);) {
      chatterbox::SynthesisOptions options;
      options.seed = 1;
      const auto stats = engine.synthesize(text, *model->builtin_voice(), options,
                                           [](const chatterbox::SpeechChunk&) { return true; });
      first_audio.push_back(stats.seconds_to_first_audio * 1000);
      real_time_factor.push_back(stats.real_time_factor());
      speech += double(stats.samples) / chatterbox::kOutputRateHz;
      work += stats.seconds_total;
    }
    if (first_audio.empty())
      throw chatterbox::Error(chatterbox::ErrorCode::kInvalidArgument,
                              "expected sentences on standard input, got none");
    std::printf("%s, %s, %s: %zu sentences, %.1f s of speech\n", model->name().c_str(),
                model->device().c_str(), model->dtype().c_str(), first_audio.size(), speech);
    std::printf("load %.3f s\n", load.count());
    std::printf("first audio: median %.0f ms, highest %.0f ms\n", median(first_audio),
                highest(first_audio));
    std::printf("real-time factor: median %.3f, highest %.3f, over all %.3f\n",
                median(real_time_factor), highest(real_time_factor), work / speech);
  } catch (const chatterbox::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
