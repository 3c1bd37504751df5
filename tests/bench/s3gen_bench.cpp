// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors

// Prints what speech tokens cost on their way to samples, in seconds of work
// per second of speech, for the published sizes with random weights and for
// the model in the tree.
//
//   s3gen_bench [threads] [seconds of speech] [full|small]

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>

#include "chatterbox/audio.h"
#include "s3gen/speech_stream.h"
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

void print(const char* what, const Clock& start, double seconds_of_speech) {
  const Clock now;
  std::printf("  %-28s %7.3f  %7.3f\n", what, (now.wall - start.wall) / seconds_of_speech,
              (now.processor - start.processor) / seconds_of_speech);
  std::fflush(stdout);
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
  print("encoder", start, seconds);

  start = {};
  const at::Tensor mel = s3gen.mel(tokens, *speaker, noise);
  print("encoder and flow", start, seconds);

  VocoderStream(hift, 1).push(mel.narrow(2, 0, 50), /*last=*/true);
  start = {};
  VocoderStream(hift, 1).push(mel, /*last=*/true);
  print("vocoder", start, seconds);

  start = {};
  const auto prompt = std::make_shared<const PromptCache>(s3gen, *speaker);
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
