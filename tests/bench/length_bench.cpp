// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// What speech costs as it gets longer: processor time per second of speech, and the memory that the
// process holds after it.
//   length_bench MODEL_DIRECTORY [DTYPE [SECONDS...]]
// Sentences are streamed until about so many seconds are spoken (1, 5, 30 and 280: a text has 5,000
// characters at most), the shortest after one that is not counted.

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "chatterbox/engine.h"
#include "chatterbox/error.h"

namespace {

using namespace chatterbox;

// About five seconds of speech, and one.
constexpr const char* kSentence =
    "The boats came back before dawn, and nobody on the quay asked them why they had turned. ";
constexpr const char* kWords = "The boats are back. ";
constexpr double kSentenceSeconds = 5;

std::string text_of(double seconds) {
  if (seconds < kSentenceSeconds) return kWords;
  std::string text;
  for (double made = 0; made < seconds; made += kSentenceSeconds) text += kSentence;
  return text;
}

double resident_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:" && status >> word) return std::stod(word) / 1024;
  return 0;
}

// Of the processor in all threads.
double seconds_of(const auto& work) {
  const std::clock_t start = std::clock();
  work();
  return double(std::clock() - start) / CLOCKS_PER_SEC;
}

void measure(const std::shared_ptr<const Model>& model, const std::vector<double>& lengths) {
  if (!model->builtin_voice()) throw Error(ErrorCode::kNotFound, "expected a built-in voice");
  Engine engine(model);
  SynthesisOptions options;
  options.seed = 1;
  options.watermark = false;  // a directory of weights alone has none
  const auto speak = [&](double seconds) {
    return engine.synthesize(text_of(seconds), *model->builtin_voice(), options,
                             [](const SpeechChunk&) { return true; });
  };
  speak(lengths.front());
  std::printf("%8s %12s %10s\n", "speech s", "s per s", "MB held");
  for (const double length : lengths) {
    SynthesisStats stats;
    const double work = seconds_of([&] { stats = speak(length); });
    const double spoken = double(stats.samples) / kOutputRateHz;
    std::printf("%8.1f %12.3f %10.0f\n", spoken, work / spoken, resident_megabytes());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: length_bench MODEL_DIRECTORY [DTYPE [SECONDS...]]\n");
    return 2;
  }
  try {
    ModelOptions options;
    if (argc > 2) options.dtype = argv[2];
    std::vector<double> lengths;
    for (int i = 3; i < argc; ++i) lengths.push_back(std::atof(argv[i]));
    if (lengths.empty()) lengths = {1, 5, 30, 280};
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    measure(Model::load(argv[1], options), lengths);
  } catch (const Error& error) {
    std::fprintf(stderr, "length_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
