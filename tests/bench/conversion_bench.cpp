// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// What looking less far ahead costs a live conversion, stage by stage, and how
// fast it is:
//   conversion_bench [--dtype TYPE] tokens|flow|vocoder|converter MODEL_DIRECTORY RECORDING...
// Recordings are raw 16-bit samples, mono, 16 kHz.

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "chatterbox/converter.h"
#include "chatterbox/error.h"
#include "hift/vocoder_stream.h"
#include "internals.h"
#include "live/live_tokenizer.h"
#include "live/live_vocoder.h"
#include "model_parts.h"
#include "nn/threads.h"
#include "reference.h"
#include "s3gen/mel_stream.h"
#include "s3gen/prompt_cache.h"

namespace {

using namespace chatterbox;
using Samples = std::vector<float>;

constexpr std::uint64_t kSeed = 7;

Samples read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < 32000)
    throw Error(ErrorCode::kBadFile, path + ": expected a second of speech");
  Samples samples(bytes.size() / 2);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = float(std::int16_t(std::uint8_t(bytes[2 * i]) | bytes[2 * i + 1] << 8)) / 32768;
  return samples;
}

// Of the processor, whoever else uses it: one thread works here.
double seconds_of(const auto& work) {
  const std::clock_t start = std::clock();
  work();
  return double(std::clock() - start) / CLOCKS_PER_SEC;
}

at::Tensor to_tensor(const Samples& samples) {
  return at::from_blob(const_cast<float*>(samples.data()), {std::int64_t(samples.size())},
                       at::kFloat);
}

// Tokens of a recording as a live conversion hears them.
at::Tensor live_tokens(const ModelParts& parts, const Samples& samples, std::int64_t context,
                       std::int64_t chunk, std::int64_t ahead) {
  LiveTokenizer tokenizer(*parts.s3tokenizer, context);
  std::vector<at::Tensor> heard;
  std::int64_t next = 0;
  const std::size_t step = std::size_t(kHeardPerToken);
  for (std::size_t at = 0; at + step <= samples.size(); at += step) {
    tokenizer.push({samples.data() + at, step});
    for (; tokenizer.heard() >= next + chunk + ahead; next += chunk)
      heard.push_back(tokenizer.tokens(next, next + chunk, ahead).slice(0, 0, chunk));
  }
  return at::cat(heard);
}

void measure_tokens(const ModelParts& parts, const std::vector<Samples>& recordings) {
  std::printf("tokens that are those of the whole recording, and work per second of speech\n");
  std::printf("%8s %6s %6s %8s %8s\n", "context", "chunk", "ahead", "same", "work");
  for (const std::int64_t context : {12, 50, 150})
    for (const std::int64_t chunk : {2, 4})
      for (const std::int64_t ahead : {0, 1, 2, 3, 5}) {
        double same = 0, all = 0, seconds = 0, work = 0;
        for (const Samples& samples : recordings) {
          const at::Tensor whole = parts.s3tokenizer->tokenize(to_tensor(samples))[0];
          at::Tensor live;
          work += seconds_of([&] { live = live_tokens(parts, samples, context, chunk, ahead); });
          seconds += double(samples.size()) / 16000;
          const std::int64_t count = std::min(live.size(0), whole.size(0));
          same += live.slice(0, 0, count).eq(whole.slice(0, 0, count)).sum().item<double>();
          all += double(count);
        }
        std::printf("%8ld %6ld %6ld %8.3f %8.3f\n", long(context), long(chunk), long(ahead),
                    same / all, work / seconds);
      }
}

at::Tensor live_mel(const ModelParts& parts, const std::shared_ptr<const PromptCache>& prompt,
                    const at::Tensor& tokens, std::int64_t chunk, std::int64_t ahead) {
  MelStream stream(*parts.s3gen, prompt, kSeed, {});
  std::vector<at::Tensor> mel;
  for (std::int64_t i = 0; i + chunk + ahead <= tokens.size(0); i += chunk)
    mel.push_back(
        stream.push_live(tokens.slice(0, i, i + chunk),
                         tokens.slice(0, i + chunk, i + chunk + std::min<std::int64_t>(ahead, 3))));
  return at::cat(mel);
}

at::Tensor whole_mel(const ModelParts& parts, const std::shared_ptr<const PromptCache>& prompt,
                     const at::Tensor& tokens) {
  return MelStream(*parts.s3gen, prompt, kSeed, {}).push(tokens, /*last=*/true);
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  const std::int64_t frames = std::min(a.size(0), b.size(0));
  return (a.slice(0, 0, frames) - b.slice(0, 0, frames)).abs().mean().item<double>();
}

void measure_flow(const ModelParts& parts, const std::vector<Samples>& recordings,
                  const std::shared_ptr<const PromptCache>& prompt) {
  std::printf("mel against that of the whole recording, mean difference of ln, same tokens\n");
  std::printf("%6s %6s %10s %8s\n", "chunk", "ahead", "difference", "work");
  for (const std::int64_t chunk : {1, 2, 4, 8, 25})
    for (const std::int64_t ahead : {0, 1, 2, 3}) {
      double sum = 0, seconds = 0, work = 0;
      for (const Samples& samples : recordings) {
        const at::Tensor tokens = parts.s3tokenizer->tokenize(to_tensor(samples))[0];
        const at::Tensor whole = whole_mel(parts, prompt, tokens);
        at::Tensor live;
        work += seconds_of([&] { live = live_mel(parts, prompt, tokens, chunk, ahead); });
        sum += distance(live, whole);
        seconds += double(samples.size()) / 16000;
      }
      std::printf("%6ld %6ld %10.3f %8.3f\n", long(chunk), long(ahead),
                  sum / double(recordings.size()), work / seconds);
    }
}

// ln mel of a waveform, (frames, 80).
at::Tensor heard(const at::Tensor& samples) { return decoder_prompt_mel(samples)[0]; }

void measure_vocoder(const ModelParts& parts, const std::vector<Samples>& recordings,
                     const std::shared_ptr<const PromptCache>& prompt) {
  std::printf("vocoded speech against that of the whole mel, mean difference of ln mel\n");
  std::printf("%8s %6s %10s %8s\n", "frames", "chunk", "difference", "work");
  double other_seed = 0;
  for (const std::int64_t chunk : {4, 8})
    for (const std::int64_t lookahead : {1, 2, 3, 4, 6, 20}) {
      double sum = 0, seconds = 0, work = 0;
      other_seed = 0;
      for (const Samples& samples : recordings) {
        const at::Tensor tokens = parts.s3tokenizer->tokenize(to_tensor(samples))[0];
        const at::Tensor mel = whole_mel(parts, prompt, tokens).t().unsqueeze(0);
        const at::Tensor whole = VocoderStream(*parts.hift, kSeed).push(mel, true);
        LiveVocoder vocoder(*parts.hift, kSeed, lookahead);
        std::vector<at::Tensor> pieces;
        work += seconds_of([&] {
          for (std::int64_t i = 0; i < mel.size(2); i += chunk)
            pieces.push_back(vocoder.push(mel.slice(2, i, i + chunk), i + chunk >= mel.size(2)));
        });
        sum += distance(heard(at::cat(pieces)), heard(whole));
        other_seed +=
            distance(heard(VocoderStream(*parts.hift, kSeed + 1).push(mel, true)), heard(whole));
        seconds += double(samples.size()) / 16000;
      }
      std::printf("%8ld %6ld %10.3f %8.3f\n", long(lookahead), long(chunk),
                  sum / double(recordings.size()), work / seconds);
    }
  std::printf("   another seed, whole mel: %.3f\n", other_seed / double(recordings.size()));
}

void measure_converter(const std::shared_ptr<const Model>& model,
                       const std::vector<Samples>& recordings) {
  std::printf("the whole conversion: milliseconds of latency, work per second of speech\n");
  std::printf("%6s %10s %8s %8s\n", "chunk", "lookahead", "latency", "work");
  for (const int chunk : {1, 2, 4})
    for (const int lookahead : {100, 200}) {
      ConversionOptions options;
      options.seed = kSeed;
      options.chunk_size = chunk;
      options.lookahead = lookahead;
      Converter converter(model, *model->builtin_voice(), options);
      converter.warm_up();
      const double work = seconds_of([&] {
        for (const Samples& samples : recordings) {
          constexpr std::size_t kStep = 160;
          for (std::size_t i = 0; i < samples.size(); i += kStep) {
            converter.push({samples.data() + i, std::min(kStep, samples.size() - i)});
            while (!converter.pop().empty()) {
            }
          }
          converter.drain();
        }
      });
      std::printf("%6d %10d %8.1f %8.3f\n", chunk, lookahead,
                  double(Converter::latency(options)) / 16,
                  work / converter.stats().seconds_converted);
    }
}

}  // namespace

int main(int argc, char** argv) {
  ModelOptions options;
  if (argc > 2 && std::string(argv[1]) == "--dtype") {
    options.dtype = argv[2];
    argc -= 2;
    argv += 2;
  }
  if (argc < 4) {
    std::fprintf(stderr,
                 "usage: conversion_bench [--dtype TYPE] tokens|flow|vocoder|converter "
                 "MODEL_DIRECTORY RECORDING...\n");
    return 2;
  }
  const std::string what = argv[1];
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    const auto model = Model::load(argv[2], options);
    if (!model->builtin_voice()) throw Error(ErrorCode::kNotFound, "expected a built-in voice");
    std::vector<Samples> recordings;
    for (int i = 3; i < argc; ++i) recordings.push_back(read(argv[i]));

    const c10::InferenceMode inference;
    const ModelParts& parts = Internals::parts(*model);
    use_threads(parts.threads);
    const auto prompt = parts.prompt(*model->builtin_voice(), FlowAttention::kChunk, /*steps=*/0);
    if (what == "tokens") measure_tokens(parts, recordings);
    if (what == "flow") measure_flow(parts, recordings, prompt);
    if (what == "vocoder") measure_vocoder(parts, recordings, prompt);
    if (what == "converter") measure_converter(model, recordings);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
