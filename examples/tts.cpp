// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Speaks a text with the library alone, writing the file while it is spoken:
//   chatterbox-tts --voice Amy --language en MODEL "Some text." out.wav
// MODEL is a directory, or the name of one that was fetched. The voice is one of a library, or a
// recording, or a file of Voice::save(). --family chooses among several models in the directory;
// --top-k is for Turbo and Nano; --quality decides between sound and speed. With a model alone it
// says what the model speaks.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "chatterbox/audio_file.h"
#include "chatterbox/engine.h"
#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "chatterbox/voice_library.h"

namespace {

// 16-bit mono WAV, its sizes filled in when it ends.
class WavWriter {
 public:
  explicit WavWriter(const std::string& path) : file_(path, std::ios::binary) {
    if (!file_)
      throw chatterbox::Error(chatterbox::ErrorCode::kNotFound, path + ": cannot be written");
    write_header();
  }
  ~WavWriter() {
    file_.seekp(0);
    write_header();
  }

  void write(std::span<const float> samples) {
    for (float sample : samples) put(std::uint16_t(chatterbox::to_16_bits(sample)), 2);
    bytes_ += std::uint32_t(samples.size() * 2);
  }

 private:
  void put(std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) file_.put(char(value >> (8 * i)));
  }
  void write_header() {
    const std::uint32_t rate = chatterbox::kOutputRateHz;
    file_ << "RIFF";
    put(36 + bytes_, 4);
    file_ << "WAVEfmt ";
    put(16, 4);
    put(1, 2);  // PCM
    put(1, 2);  // channels
    put(rate, 4);
    put(rate * 2, 4);
    put(2, 2);
    put(16, 2);
    file_ << "data";
    put(bytes_, 4);
  }

  std::ofstream file_;
  std::uint32_t bytes_ = 0;
};

// -1, which no option accepts, for what is none.
int whole_number(const char* text) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  return end != text && *end == '\0' && value >= 0 && value < 1 << 30 ? int(value) : -1;
}

void print_abilities(const chatterbox::Model& model) {
  std::printf("languages:");
  for (const std::string& language : model.languages()) std::printf(" %s", language.c_str());
  std::printf("\ntags:");
  for (const std::string& tag : model.tags()) std::printf(" %s", tag.c_str());
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<const char*> arguments;
  std::string voice_name;
  chatterbox::ModelOptions model_options;
  chatterbox::SynthesisOptions options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--voice") == 0 && i + 1 < argc)
      voice_name = argv[++i];
    else if (std::strcmp(argv[i], "--language") == 0 && i + 1 < argc)
      options.language = argv[++i];
    else if (std::strcmp(argv[i], "--family") == 0 && i + 1 < argc)
      model_options.family = argv[++i];
    else if (std::strcmp(argv[i], "--quality") == 0 && i + 1 < argc)
      model_options.quality = argv[++i];
    else if (std::strcmp(argv[i], "--attention") == 0 && i + 1 < argc)
      model_options.attention = argv[++i];
    else if (std::strcmp(argv[i], "--flow-steps") == 0 && i + 1 < argc)
      options.flow_steps = whole_number(argv[++i]);
    else if (std::strcmp(argv[i], "--top-k") == 0 && i + 1 < argc)
      options.top_k = whole_number(argv[++i]);
    else
      arguments.push_back(argv[i]);
  }
  const bool asked = arguments.size() == 1 && std::strcmp(arguments[0], "--help") == 0;
  if (asked || (arguments.size() != 1 && arguments.size() != 3)) {
    std::fprintf(
        asked ? stdout : stderr,
        "usage: %s [--voice NAME|ID|FILE] [--language CODE] [--family FAMILY] "
        "[--top-k COUNT] [--quality reference|balanced|fast] [--attention auto|full|chunk] "
        "[--flow-steps COUNT] MODEL [TEXT OUT.wav]\n",
        argv[0]);
    return asked ? 0 : 2;
  }
  try {
    const auto model = chatterbox::Model::load(chatterbox::find_model(arguments[0]), model_options);
    if (arguments.size() == 1) {
      print_abilities(*model);
      return 0;
    }
    chatterbox::Engine engine(model);
    if (voice_name.empty() && !model->builtin_voice())
      throw chatterbox::Error(chatterbox::ErrorCode::kNotFound,
                              "this model has no voice of its own: expected --voice");
    const chatterbox::Voice voice =
        voice_name.empty()
            ? *model->builtin_voice()
            : chatterbox::load_voice(chatterbox::VoiceLibrary().path_of(voice_name), engine);

    WavWriter wav(arguments[2]);
    const auto stats =
        engine.synthesize(arguments[1], voice, options, [&](const chatterbox::SpeechChunk& chunk) {
          wav.write(chunk.samples);
          for (const auto& word : chunk.words)
            std::printf("%8.3f  %s\n", double(word.start) / chatterbox::kOutputRateHz,
                        word.word.c_str());
          return true;
        });
    std::printf("%.2f s of speech, first audio after %.0f ms, real-time factor %.3f, seed %llu\n",
                double(stats.samples) / chatterbox::kOutputRateHz,
                stats.seconds_to_first_audio * 1000, stats.real_time_factor(),
                static_cast<unsigned long long>(stats.seed));
  } catch (const chatterbox::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
