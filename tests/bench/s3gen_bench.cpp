// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors

// Prints what speech tokens cost on their way to samples, in seconds of work
// per second of speech, for the published sizes with random weights and for
// the model in the tree.
//
//   s3gen_bench [threads] [seconds of speech] [full|small|vocoder]

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>

#include "chatterbox/audio.h"
#include "hift/plan/residual_kernels.h"
#include "peak.h"
#include "speech_stream.h"
#include "support/random_s3gen.h"

namespace chatterbox {
namespace {

// Wall time, and processor time of all threads: the latter is what a machine
// with other work would need.
struct Clock {
  double wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  double processor = double(std::clock()) / CLOCKS_PER_SEC;
};

// Where `operations` are given, multiplications and additions, also which share that is of
// what products of such numbers reach on as many threads.
void print(const char* what, const Clock& start, double seconds_of_speech, double operations = 0,
           PeakNumbers numbers = PeakNumbers::kFloat) {
  const Clock now;
  const double wall = now.wall - start.wall;
  std::printf("  %-28s %7.3f  %7.3f", what, wall / seconds_of_speech,
              (now.processor - start.processor) / seconds_of_speech);
  const double peak = operations > 0 ? peak_rate(numbers, at::get_num_threads()) : 0;
  if (peak > 0)
    std::printf("  %5.0f of %5.0f Gop/s, %3.0f %%", 1e-9 * operations / wall, 1e-9 * peak,
                100 * operations / wall / peak);
  std::printf("\n");
  std::fflush(stdout);
}

// Of the token encoder.
double encoder_operations(const TokenEncoderConfig& sizes, double tokens) {
  const double size = sizes.size, frames = tokens * kFramesPerToken;
  const double linear = 4 * size * size + 2 * size * sizes.ffn;
  // Scores of keys and, twice as many, of distances; and values.
  const auto layer = [&](double n) { return n * (linear + 4 * n * size); };
  return 2 * (sizes.blocks * layer(tokens) + sizes.up_blocks * layer(frames) +
              (13 * tokens + tokens + frames) * size * size);
}

// Of the vocoder's residual blocks and upsampling.
double vocoder_operations(const HiftConfig& sizes, double seconds) {
  struct Stage {
    double rate, taps, source_taps;
  };
  double rate = 2 * kTokenRateHz, channels = sizes.channels, sum = 0;
  for (const Stage& stage : {Stage{8, 16, 7}, Stage{5, 11, 7}, Stage{3, 7, 11}}) {
    sum += rate * channels * channels / 2 * stage.taps;
    rate *= stage.rate;
    channels /= 2;
    sum += rate * channels * channels * 6 * (3 + 7 + 11 + stage.source_taps);
  }
  return 2 * sum * seconds;
}

at::Tensor vocode(const char* what, const Hift& hift, const at::Tensor& mel, double seconds,
                  double operations, PeakNumbers numbers) {
  VocoderStream(hift, 1).push(mel.narrow(2, 0, 50), /*last=*/true);  // warms up
  const Clock start;
  const at::Tensor samples = VocoderStream(hift, 1).push(mel, /*last=*/true);
  print(what, start, seconds, operations, numbers);
  return samples;
}

// The vocoder by all of them.
void compare_vocoders(const ModelConfig& config, const std::shared_ptr<const TensorFile>& file,
                      const at::Tensor& mel, double seconds) {
  at::Tensor right;
  const auto floats = residual_kernels(ResidualPrecision::kFloat);
  const auto brains = residual_kernels(ResidualPrecision::kBFloat16);
  for (const auto& kernels : {std::vector<const ResidualKernels*>{}, floats, brains}) {
    const std::string name =
        std::string("vocoder, ") + (kernels.empty() ? "libtorch" : kernels[0]->name);
    const Hift other(Weights(file, {}).scope("mel2wav"), config.hift, kernels);
    const bool in_brains = kernels == brains && floats != brains;
    const at::Tensor samples =
        vocode(name.c_str(), other, mel, seconds, vocoder_operations(config.hift, seconds),
               in_brains ? PeakNumbers::kBFloat16 : PeakNumbers::kFloat);
    if (!right.defined()) right = samples;
    const double noise = (samples - right).square().mean().item<double>();
    if (noise > 0)
      std::printf("  %-28s %7.1f dB\n", "  SNR of its samples",
                  10 * std::log10(right.square().mean().item<double>() / noise));
  }
}

void measure(const char* title, const ModelConfig& config,
             const std::shared_ptr<const TensorFile>& file, double seconds,
             std::int64_t prompt_seconds) {
  const Weights weights(file, {});
  const S3Gen s3gen(weights.scope("flow"), config);
  const Hift hift(weights.scope("mel2wav"), config.hift);
  const auto speaker = test::random_conditionals(config, prompt_seconds * kTokenRateHz);
  const std::vector<std::int64_t> ids =
      test::random_tokens(config, std::int64_t(seconds * kTokenRateHz));
  const at::Tensor tokens = at::tensor(ids, at::kLong).unsqueeze(0);
  const std::int64_t frames = 2 * (tokens.size(1) + speaker->prompt_tokens.size(1));
  const at::Tensor noise =
      Noise(1, NoiseStream::kFlow).normal(0, frames * kMelBands).view({1, kMelBands, frames});
  std::printf("%s: %.1f s of speech, %d s of prompt, %d steps\n  %-28s %7s  %7s\n", title, seconds,
              int(prompt_seconds), config.s3gen.flow.steps, "per second of speech", "wall",
              "processor");

  const at::Tensor features =
      s3gen.encode(at::cat({speaker->prompt_tokens, tokens}, 1));  // warms up
  Clock start;
  s3gen.encode(at::cat({speaker->prompt_tokens, tokens}, 1));
  print("encoder", start, seconds,
        encoder_operations(config.s3gen.encoder, double(frames) / kFramesPerToken));

  start = {};
  const at::Tensor mel = s3gen.mel(tokens, *speaker, noise);
  print("encoder and flow", start, seconds);

  compare_vocoders(config, file, mel, seconds);

  start = {};
  const auto prompt =
      std::make_shared<const PromptCache>(s3gen, *speaker, FlowChoice{config.s3gen.attention});
  print("prompt cache, seconds", start, 1);
  std::printf("  %-28s %7.1f\n", "prompt cache, MB", double(prompt->bytes()) / 1e6);

  start = {};
  SpeechStream stream(s3gen, hift, prompt, {.seed = 1, .first_chunk = 24, .chunk = 25});
  bool first = true;
  for (const std::int64_t id : ids)
    if (stream.push({&id, 1}).size(0) > 0 && std::exchange(first, false))
      print("first audio, seconds", start, 1);
  stream.finish();
  print("stream", start, seconds);
}

}  // namespace
}  // namespace chatterbox

int main(int argc, char** argv) {
  using namespace chatterbox;
  c10::InferenceMode inference;
  if (argc > 1) at::set_num_threads(std::max(1, std::atoi(argv[1])));
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  const std::string which = argc > 3 ? argv[3] : "";
  if (which == "vocoder") {
    const ModelConfig config;
    const std::int64_t frames = std::int64_t(seconds * 2 * kTokenRateHz);
    const at::Tensor mel =
        Noise(1, NoiseStream::kFlow).normal(0, frames * kMelBands).view({1, kMelBands, frames});
    compare_vocoders(config, std::make_shared<test::RandomS3Gen>(config), mel, seconds);
    return 0;
  }
  const std::string embedded = MODELS_DIR "/embedded";
  std::printf("%d threads\n", at::get_num_threads());
  if (which != "full" && std::filesystem::exists(embedded + "/s3gen.safetensors"))
    measure("model in the tree", load_config(embedded + "/config.json"),
            TensorFile::open(embedded + "/s3gen.safetensors"), seconds, 3);
  if (which != "small") {
    const ModelConfig config;
    measure("published sizes, random weights", config, std::make_shared<test::RandomS3Gen>(config),
            seconds, 10);
  }
}
