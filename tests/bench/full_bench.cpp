// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// full_bench MODEL [DTYPE [THREADS [TOKENS [FAMILY [QUALITY]]]]]: how fast a full-size model
// speaks TOKENS speech tokens (25 make a second) after a prompt of 10 s, at once and in
// chunks, when the first of it can be heard, how fast it converts live, what it needs to
// load, and how much memory. One "name value" a line; tests/parity/speed.py puts upstream's
// Python beside it.
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "chatterbox/converter.h"
#include "chatterbox/engine.h"
#include "chatterbox/voice.h"
#include "conditionals.h"
#include "hift/hift.h"
#include "internals.h"
#include "model_parts.h"
#include "s3gen/s3gen.h"
#include "t3/t3.h"

namespace {

using namespace chatterbox;

constexpr int kPromptTokens = 10 * kTokenRateHz;
constexpr int kTextTokens = 60;
// What a listener waits for, and what follows, in tokens.
constexpr int kFirstChunk = 8;
constexpr int kChunk = 25;
// Of live conversion: the default, and what published models need less time for.
constexpr int kLiveChunks[] = {4, 6};

template <typename Work>
double seconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void print(const char* name, double value) { std::cout << name << " " << value << std::endl; }

// Most that was resident since the last call. Not getrusage's figure: that includes what the parent
// held before exec, and cannot begin again.
double peak_gigabytes() {
  std::ifstream status("/proc/self/status");
  double peak = 0;
  for (std::string word; status >> word;)
    if (word == "VmHWM:" && status >> word) peak = std::stod(word) * 1024 / 1e9;
  std::ofstream("/proc/self/clear_refs") << "5";
  return peak;
}

// What `threads` threads read from memory together, bytes per second.
double memory_bandwidth(int threads) {
  constexpr std::size_t kWords = std::size_t(64) << 20;  // 512 MiB a thread
  std::vector<std::vector<std::uint64_t>> memory(threads, std::vector<std::uint64_t>(kWords, 1));
  std::vector<std::uint64_t> sums(threads);
  const auto read = [&] {
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i)
      workers.emplace_back([&, i] {
        sums[i] += std::accumulate(memory[i].begin(), memory[i].end(), std::uint64_t(0));
      });
    for (std::thread& worker : workers) worker.join();
  };
  double best = seconds(read);
  for (int i = 0; i < 4; ++i) best = std::min(best, seconds(read));
  if (std::accumulate(sums.begin(), sums.end(), std::uint64_t(0)) == 0) return 0;
  return double(threads) * kWords * sizeof(std::uint64_t) / best;
}

// Bytes of weights that one decoding step must read.
double step_bytes(const T3Config& config, const Placement& placement) {
  const double attention = 4.0 * config.hidden * config.heads * config.head_dim;
  const double matrices = config.backbone == Backbone::kGpt2 ? 2.0 : 3.0;
  const double feed_forward = matrices * config.hidden * config.intermediate;
  return (config.layers * (attention + feed_forward) +
          double(config.speech_vocab) * config.hidden) *
         (placement.int8 ? 1.0 : double(c10::elementSize(placement.dtype)));
}

Conditionals random_speaker(const ModelConfig& config) {
  const int codebook = config.s3tokenizer.codebook_size();
  Conditionals voice;
  voice.speaker_embedding = at::randn({1, config.t3.speaker_embedding}).abs();
  voice.speaker_embedding /= voice.speaker_embedding.norm();
  voice.speech_prompt = at::randint(codebook, {1, config.t3.speech_prompt_tokens}, at::kLong);
  voice.prompt_tokens = at::randint(codebook, {1, kPromptTokens}, at::kLong);
  voice.prompt_mel = at::randn({1, 2 * kPromptTokens, 80}) * 2 - 5;
  voice.xvector = at::randn({1, config.xvector.embedding});
  return voice;
}

double speak(const ModelParts& parts, const Conditionals& voice, int count) {
  T3Request request;
  request.speaker_embedding = voice.speaker_embedding;
  request.speech_prompt = voice.speech_prompt;
  for (int i = 0; i < kTextTokens; ++i) request.text_ids.push_back(3 + i % 200);
  const SamplingDefaults& defaults = parts.config.defaults;
  request.sampling = {.cfg_weight = defaults.cfg_weight,
                      .temperature = defaults.temperature,
                      .repetition_penalty = defaults.repetition_penalty,
                      .min_p = defaults.min_p,
                      .top_p = defaults.top_p,
                      .top_k = defaults.top_k,
                      .max_tokens = count};
  std::vector<std::int64_t> tokens;
  double first = 0;
  const double whole = seconds([&] {
    const auto start = std::chrono::steady_clock::now();
    tokens = parts.t3->generate(request, [&](std::int64_t, int) {
      if (first == 0)
        first = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      return true;
    });
  });
  print("t3_tokens", double(tokens.size()));
  print("t3_first_token_s", first);
  print("t3_tokens_per_s", double(tokens.size()) / whole);
  const double rate = double(tokens.size() - 1) / (whole - first);
  print("t3_decode_tokens_per_s", rate);
  print("t3_weight_gb_per_s", rate * step_bytes(parts.config.t3, parts.placement) / 1e9);

  tokens.resize(std::size_t(count), 0);
  const double speech = double(count) / kTokenRateHz;
  const at::Tensor ids = at::tensor(tokens).unsqueeze(0);
  const at::Tensor noise = at::randn({1, 80, 2 * (kPromptTokens + count)});
  at::Tensor mel;
  const double flow = seconds([&] { mel = parts.s3gen->mel(ids, voice, noise); });
  print("flow_rtf", flow / speech);

  const double vocoder = seconds([&] {
    const at::Tensor f0 = parts.hift->f0(mel.to(at::kFloat));
    const HarmonicSource& harmonics = parts.hift->source();
    HarmonicSource::Phase phase = harmonics.start();
    const at::Tensor source =
        harmonics(f0[0], at::zeros({harmonics.sines()}),
                  at::randn({f0.size(1) * kSamplesPerFrame, harmonics.sines()}), phase);
    parts.hift->decode(mel.to(at::kFloat), source);
  });
  print("vocoder_rtf", vocoder / speech);
  return (whole + flow + vocoder) / speech;
}

// In chunks, by a voice that has spoken before: the first audio, and work per second of speech.
void stream(const std::shared_ptr<const Model>& model, const Voice& voice, int count) {
  SynthesisOptions options;
  options.first_chunk_size = kFirstChunk;
  options.chunk_size = kChunk;
  options.max_tokens = std::max(count, 2 * kChunk);
  options.seed = 1;
  options.watermark = false;  // a directory of weights alone has none
  Engine engine(model);
  SynthesisStats stats;
  for (int i = 0; i < 2; ++i)
    stats = engine.synthesize("The boats came back before dawn, and nobody asked why.", voice,
                              options, [](const SpeechChunk&) { return true; });
  print("first_audio_s", stats.seconds_to_first_audio);
  print("stream_speech_s", double(stats.samples) / kOutputRateHz);
  print("stream_rtf", stats.real_time_factor());
  print("voice_cache_gb", double(model->voice_cache_bytes()) / 1e9);
}

// Of a buzz, all of which is speech to a converter; in chunks of so many tokens.
void convert_live(const std::shared_ptr<const Model>& model, const Voice& voice, int count,
                  int chunk) {
  ConversionOptions options;
  options.seed = 1;
  options.watermark = false;
  options.chunk_size = chunk;
  Converter converter(model, voice, options);
  converter.warm_up();
  std::vector<float> sound(std::size_t(count) * Converter::kInputRateHz / kTokenRateHz);
  for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = i % 160 < 16 ? 0.3f : -0.03f;
  converter.push(sound);
  while (!converter.pop().empty()) {
  }
  converter.drain();
  const std::string name = "live_in_" + std::to_string(chunk);
  print((name + "_rtf").c_str(), converter.stats().real_time_factor());
  print((name + "_slowest_chunk_s").c_str(), converter.stats().seconds_of_slowest);
  print((name + "_latency_s").c_str(),
        double(Converter::latency(options)) / Converter::kInputRateHz);
}

int run(int argc, char** argv) {
  ModelOptions options;
  options.device = "cpu";
  options.dtype = argc > 2 ? argv[2] : "float32";
  options.threads = argc > 3 ? std::atoi(argv[3]) : 2;
  const int count = argc > 4 ? std::atoi(argv[4]) : kPromptTokens;
  options.family = argc > 5 ? argv[5] : "";
  options.quality = argc > 6 ? argv[6] : "";
  at::set_num_threads(options.threads);
  std::shared_ptr<const Model> model;
  // The second load finds the files in the page cache.
  print("load_first_s", seconds([&] { model = Model::load(argv[1], options); }));
  model.reset();
  print("load_warm_s", seconds([&] { model = Model::load(argv[1], options); }));
  print("load_peak_memory_gb", peak_gigabytes());
  const c10::InferenceMode inference;
  const Conditionals speaker = random_speaker(Internals::parts(*model).config);
  const Voice voice = Internals::voice(std::make_shared<const Conditionals>(speaker));
  // What a program that speaks holds; the stages one after the other leave buffers behind.
  stream(model, voice, count);
  print("speech_peak_memory_gb", peak_gigabytes());
  print("rtf", speak(Internals::parts(*model), speaker, count));
  print("whole_peak_memory_gb", peak_gigabytes());
  for (const int chunk : kLiveChunks) convert_live(model, voice, count, chunk);
  print("live_peak_memory_gb", peak_gigabytes());
  model.reset();
  print("memory_bandwidth_gb_per_s", memory_bandwidth(options.threads) / 1e9);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: full_bench MODEL [DTYPE [THREADS [TOKENS [FAMILY [QUALITY]]]]]\n";
    return 2;
  }
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "full_bench: " << error.what() << "\n";
    return 1;
  }
}
