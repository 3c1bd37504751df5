// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// How fast T3 makes speech tokens, and how near that is to what the memory can
// deliver: at batch one and two a step reads every weight once and little else.
//
//   t3_bench [--threads N] [--steps N] [--family NAME] [--dtype NAME] [--tiny]
//            [--no-random] [MODEL_DIRECTORY]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "nn/kernels.h"
#include "nn/large_pages.h"
#include "nn/team.h"
#include "placement.h"
#include "support/random_t3.h"
#include "t3/decoder.h"
#include "t3/t3.h"

namespace chatterbox {
namespace {

struct Options {
  int threads = std::max(1u, std::thread::hardware_concurrency());
  int steps = 20;
  bool random = true;
  bool tiny = false;
  Family family = Family::kEnglish;
  std::string dtype;  // empty: all
  std::string model;
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Bytes per second of reading memory once, in order, with as many threads.
class Bandwidth {
 public:
  explicit Bandwidth(int threads)
      : memory_(empty_in_large_pages({kWords}, at::kLong).fill_(1)),
        words_(memory_.data_ptr<std::int64_t>()),
        team_(threads, [this](int) { read(); }) {}

  // Twice the buffer, which takes about as long as one step of the published size.
  double measure() {
    total_ = 0;
    const double begin = now();
    for (int i = 0; i < 2; ++i) {
      phase_.reset(++run_);
      team_.run();
    }
    const double seconds = now() - begin;
    if (total_ != 2 * kWords) std::abort();
    return double(2 * kWords * sizeof(std::int64_t)) / seconds;
  }

 private:
  static constexpr std::int64_t kWords = std::int64_t(512) << 17;  // 512 MiB
  static constexpr std::int64_t kPiece = std::int64_t(1) << 17;    // 1 MiB

  void read() {
    phase_.share(run_, kWords / kPiece, [&](std::int64_t piece) {
      const std::int64_t* first = words_ + piece * kPiece;
      std::int64_t sum = 0;
      for (std::int64_t i = 0; i < kPiece; ++i) sum += first[i];
      total_ += sum;
    });
  }

  at::Tensor memory_;
  const std::int64_t* words_;
  std::atomic<std::int64_t> total_{0};
  std::atomic<std::uint32_t> run_{0};
  Phase phase_;
  Team team_;
};

std::int64_t bytes_of(const Linear& linear) {
  return linear.weight.numel() * std::int64_t(linear.weight.element_size());
}

// Weights that one step reads.
std::int64_t bytes_per_step(const Transformer& transformer, const Linear& head) {
  std::int64_t bytes = bytes_of(head);
  for (const TransformerLayer& layer : transformer.layers()) {
    for (const Linear* each : {&layer.q, &layer.k, &layer.v, &layer.o, &layer.up, &layer.down})
      bytes += bytes_of(*each);
    if (layer.gate) bytes += bytes_of(*layer.gate);
  }
  return bytes;
}

// Of the same step with each type, against the first one's: root mean square and largest
// difference, in percent of the range of logits.
class LogitErrors {
 public:
  void add(const char* name, const float* logits, std::int64_t count) {
    if (reference_.empty()) {
      reference_.assign(logits, logits + count);
      first_ = name;
      return;
    }
    double squares = 0, most = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const double error = std::abs(double(logits[i]) - reference_[std::size_t(i)]);
      squares += error * error;
      most = std::max(most, error);
    }
    const auto [low, high] = std::minmax_element(reference_.begin(), reference_.end());
    const double percent = 100 / double(*high - *low);
    std::printf("%-22s logits against %s: %.3f %% of their range (rms), %.3f %% at most\n", name,
                first_.c_str(), percent * std::sqrt(squares / double(count)), percent * most);
  }

 private:
  std::vector<float> reference_;
  std::string first_;
};

void bench_steps(const char* name, const Weights& weights, const T3Config& config,
                 const Options& options, Bandwidth& bandwidth, LogitErrors& errors) {
  const Transformer transformer(weights.scope("tfmr"), config);
  const Linear head = Linear::hot(weights.scope("speech_head"), config.hidden, config.speech_vocab,
                                  config.backbone == Backbone::kGpt2 ? Bias::kYes : Bias::kNone);
  const std::int64_t bytes = bytes_per_step(transformer, head);
  constexpr int kPrefix = 150, kRounds = 5;
  for (int rows = 1; rows <= (config.guidance ? 2 : 1); ++rows) {
    DecoderOptions decoding;
    decoding.rows = rows;
    decoding.capacity = kPrefix + kRounds * options.steps + 1;
    decoding.threads = options.threads;
    const auto decoder = make_raw_decoder(transformer, head, decoding);
    decoder->prefill(at::sin(at::arange(rows * kPrefix * config.hidden, at::kFloat))
                         .view({rows, kPrefix, config.hidden}));
    const std::vector<float> x(std::size_t(config.hidden), 0.1f);
    const float* logits = decoder->step(x.data(), true);
    if (rows == 1) errors.add(name, logits, head.weight.size(0));
    // Both sides in turns, best of each: the machine may have other work.
    double best = 1e9, fastest = 0;
    for (int round = 0; round < kRounds; ++round) {
      fastest = std::max(fastest, bandwidth.measure());
      for (int step = 0; step < options.steps; ++step) {
        const double begin = now();
        decoder->step(x.data(), true);
        best = std::min(best, now() - begin);
      }
    }
    const double read = double(bytes) / best;
    std::printf(
        "%-22s %s  %8.1f tokens/s  %7.3f ms/token  weights %7.1f MB  read %6.2f GB/s  "
        "memory %6.2f GB/s  ratio %.2f\n",
        name, rows == 2 ? "guided  " : "unguided", 1 / best, best * 1e3, double(bytes) / 1e6,
        read / 1e9, fastest / 1e9, read / fastest);
    std::fflush(stdout);
  }
}

// Time of looking ahead: a step by the draft, and steps at several positions at once.
void bench_drafts(const char* name, const Weights& weights, const T3Config& config,
                  const Options& options) {
  const Transformer transformer(weights.scope("tfmr"), config);
  const Linear head = Linear::hot(weights.scope("speech_head"), config.hidden, config.speech_vocab,
                                  config.backbone == Backbone::kGpt2 ? Bias::kYes : Bias::kNone);
  const double begin = now();
  const DraftModel model(transformer, head);
  std::printf("%-22s draft made in %.2f s", name, now() - begin);
  constexpr int kPrefix = 150;
  DecoderOptions decoding;
  decoding.rows = config.guidance ? 2 : 1;
  decoding.capacity = kPrefix + Kernels::kMaxBatch;
  decoding.threads = options.threads;
  decoding.draft = &model;
  const auto decoder = make_raw_decoder(transformer, head, decoding);
  decoder->prefill(at::sin(at::arange(decoding.rows * kPrefix * config.hidden, at::kFloat))
                       .view({decoding.rows, kPrefix, config.hidden}));
  const int most = decoder->max_steps();
  const std::vector<float> x(std::size_t(most * config.hidden), 0.1f);
  const auto best = [&](const auto& work) {
    double least = 1e9;
    for (int round = 0; round < options.steps; ++round) {
      decoder->rewind(kPrefix);
      const double started = now();
      work();
      least = std::min(least, now() - started);
    }
    return least * 1e3;
  };
  std::printf("; its step %.2f ms; of 1 to %d positions at once",
              best([&] { decoder->draft(x.data()); }), most);
  for (int count = 1; count <= most; ++count)
    std::printf(" %.2f", best([&] { decoder->steps(x.data(), count); }));
  std::printf(" ms\n");
}

// Whole requests, sampling and prefill included.
void bench_model(const std::string& directory, const Options& options) {
  const ModelConfig config = load_config(directory + "/config.json");
  const Weights weights(TensorFile::open(directory + "/t3_cfg.safetensors"), {});
  const double begin = now();
  const T3 t3(weights, config.t3, options.threads);
  const double loaded = now();
  T3Request request;
  request.speaker_embedding = at::ones({1, config.t3.speaker_embedding}) / 16;
  request.speech_prompt = at::zeros({1, config.t3.speech_prompt_tokens}, at::kLong);
  for (int i = 0; i < 60; ++i) request.text_ids.push_back((i * 7 + 3) % config.t3.text_vocab);
  request.sampling.max_tokens = 250;
  const double started = now();
  double first = 0;
  const auto tokens = t3.generate(request, [&](std::int64_t, int) {
    if (first == 0) first = now();
    return true;
  });
  const double ended = now();
  std::printf("%-22s loaded in %.1f ms  first token %.2f ms  %zu tokens  %.0f tokens/s after it\n",
              config.name.c_str(), (loaded - begin) * 1e3, (first - started) * 1e3, tokens.size(),
              double(tokens.size() - 1) / (ended - first));
}

void run(const Options& options) {
  std::printf("kernels %s, %d threads\n", kernels().name, options.threads);
  Bandwidth bandwidth(options.threads);
  if (options.random) {
    T3Config config = preset(options.family).t3;
    if (options.tiny) {
      config.hidden = 256;
      config.layers = 6;
      config.heads = 4;
      config.intermediate = 1024;
    }
    LogitErrors errors;
    const test::RandomT3 random(config, at::kBFloat16);
    for (const Placement& placement :
         {Placement{at::kCPU, at::kFloat}, Placement{at::kCPU, at::kBFloat16},
          Placement{at::kCPU, at::kBFloat16, /*int8=*/true}}) {
      const std::string dtype = dtype_name(placement);
      if (!options.dtype.empty() && dtype != options.dtype) continue;
      const std::string name = (options.tiny ? "256x6" : to_string(options.family)) + (" " + dtype);
      bench_steps(name.c_str(), random.weights(placement), config, options, bandwidth, errors);
      if (!placement.int8) bench_drafts(name.c_str(), random.weights(placement), config, options);
    }
  }
  if (std::filesystem::exists(options.model + "/t3_cfg.safetensors")) {
    const ModelConfig config = load_config(options.model + "/config.json");
    const Weights weights(TensorFile::open(options.model + "/t3_cfg.safetensors"), {});
    LogitErrors none;
    bench_steps(config.name.c_str(), weights, config.t3, options, bandwidth, none);
    bench_model(options.model, options);
  } else {
    std::printf("no model at %s\n", options.model.c_str());
  }
}

}  // namespace
}  // namespace chatterbox

int main(int argc, char** argv) {
  chatterbox::Options options;
  const char* installed = std::getenv("CHATTERBOX_MODEL_PATH");
  options.model = installed ? installed : MODELS_DIR "/embedded";
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--threads" && i + 1 < argc)
      options.threads = std::max(1, std::atoi(argv[++i]));
    else if (argument == "--steps" && i + 1 < argc)
      options.steps = std::max(1, std::atoi(argv[++i]));
    else if (argument == "--family" && i + 1 < argc)
      options.family = chatterbox::parse_family(argv[++i]).value_or(chatterbox::Family::kEnglish);
    else if (argument == "--dtype" && i + 1 < argc)
      options.dtype = argv[++i];
    else if (argument == "--tiny")
      options.tiny = true;
    else if (argument == "--no-random")
      options.random = false;
    else
      options.model = argument;
  }
  try {
    chatterbox::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "t3_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
