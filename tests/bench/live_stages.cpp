// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// What each stage of a live conversion costs, in seconds of work per second of speech, at the
// published sizes of the mean flow with random weights:
//   live_stages [threads] [seconds of speech] [float32|bfloat16|int8] [chunk] [lookahead]

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "live/live_shape.h"
#include "live/live_speech.h"
#include "live/live_tokenizer.h"
#include "nn/threads.h"
#include "s3gen/prompt_cache.h"
#include "support/random_s3gen.h"
#include "support/random_tokenizer.h"

namespace {

using namespace chatterbox;

constexpr std::int64_t kPromptTokens = 10 * kTokenRateHz;

// Of the wall, and of the processor in all threads.
struct Stage {
  const char* name;
  double wall = 0, processor = 0;

  template <typename Work>
  auto time(const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t used = std::clock();
    auto result = work();
    wall += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    processor += double(std::clock() - used) / CLOCKS_PER_SEC;
    return result;
  }
  void print(double seconds) const {
    std::printf("  %-12s %7.3f  %7.3f\n", name, wall / seconds, processor / seconds);
  }
};

Placement placement_of(const std::string& dtype) {
  Placement placement;
  if (dtype != "float32") placement.dtype = at::kBFloat16;
  placement.int8 = dtype == "int8";
  return placement;
}

void measure(const Placement& placement, const ConversionOptions& options, double seconds) {
  ModelConfig config;
  config.s3gen.flow.kind = FlowKind::kMeanFlow;
  config.s3gen.flow.steps = 2;
  config.s3gen.flow.guidance = 0;
  const auto file = std::make_shared<test::RandomS3Gen>(config);
  const Weights weights(file, placement);
  const S3Tokenizer tokenizer(
      Weights(std::make_shared<test::RandomTokenizer>(config.s3tokenizer), placement),
      config.s3tokenizer);
  const S3Gen s3gen(weights.scope("flow"), config);
  const Hift hift(weights.scope("mel2wav"), config.hift);
  const auto speaker = test::random_conditionals(config, kPromptTokens);
  const LiveShape shape(options);
  const auto prompt =
      std::make_shared<const PromptCache>(s3gen, *speaker, FlowChoice{FlowAttention::kChunk});

  const at::Tensor noise = Noise(1, NoiseStream::kFlow).normal(0, kHeardPerToken) * 0.1;
  const std::span<const float> sound(noise.data_ptr<float>(), std::size_t(noise.numel()));
  Stage hearing{"mel"}, hear{"tokenizer"}, flow{"mel stream"}, vocode{"vocoder"};
  LiveTokenizer ear(tokenizer, LiveShape::kContext);
  MelStream mel(s3gen, prompt, 1, {});
  LiveVocoder vocoder(hift, 1, shape.vocoder_lookahead);
  const auto warm = std::int64_t(2 * kTokenRateHz);
  const auto count = warm + std::int64_t(seconds * kTokenRateHz);
  std::int64_t next = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (i == warm)
      hearing = {"mel"}, hear = {"tokenizer"}, flow = {"mel stream"}, vocode = {"vocoder"};
    hearing.time([&] { return ear.push(sound), 0; });
    for (; ear.heard() >= next + shape.chunk + shape.ahead; next += shape.chunk) {
      const at::Tensor tokens =
          hear.time([&] { return ear.tokens(next, next + shape.chunk, shape.ahead); });
      const at::Tensor frames = flow.time([&] {
        return mel.push_live(tokens.slice(0, 0, shape.chunk), tokens.slice(0, shape.chunk));
      });
      vocode.time([&] { return vocoder.push(frames.t().unsqueeze(0), /*last=*/false); });
    }
  }
  std::printf("  %-12s %7s  %7s\n", "", "wall", "processor");
  Stage all{"all"};
  for (const Stage* stage : {&hearing, &hear, &flow, &vocode}) {
    stage->print(seconds);
    all.wall += stage->wall;
    all.processor += stage->processor;
  }
  all.print(seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const c10::InferenceMode inference;
  const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 2;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 10;
  const std::string dtype = argc > 3 ? argv[3] : "int8";
  ConversionOptions options;
  options.watermark = false;
  if (argc > 4) options.chunk_size = std::atoi(argv[4]);
  if (argc > 5) options.lookahead = std::atoi(argv[5]);
  use_threads(threads);
  std::printf("%d threads, %s, chunks of %d tokens, latency %.1f ms\n", threads, dtype.c_str(),
              options.chunk_size, double(Converter::latency(options)) / 16);
  const SerialLibtorch serial;
  measure(placement_of(dtype), options, seconds);
}
