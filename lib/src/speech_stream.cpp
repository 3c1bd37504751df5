// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech_stream.h"

#include <algorithm>
#include <limits>
#include <numbers>

#include "chatterbox/audio.h"

namespace chatterbox {
namespace {

constexpr std::size_t kEndless = std::numeric_limits<std::size_t>::max();

constexpr std::int64_t kTrim = 480;  // samples, 20 ms

}  // namespace

void fade_in(at::Tensor samples, std::int64_t position) {
  const std::int64_t count = std::min(samples.size(0), 2 * kTrim - position);
  if (count <= 0) return;
  const at::Tensor ramp =
      at::linspace(std::numbers::pi, 0.0, kTrim, at::kFloat).cos_().add_(1).mul_(0.5);
  const at::Tensor fade = at::cat({at::zeros({kTrim}), ramp});
  samples.narrow(0, 0, count).mul_(fade.narrow(0, position, count));
}

SpeechStream::SpeechStream(const S3Gen& s3gen, const Hift& hift,
                           std::shared_ptr<const PromptCache> prompt, const Options& options)
    : mel_(s3gen, std::move(prompt), options.seed, options.checkpoint),
      vocoder_(hift, options.seed),
      next_chunk_(options.first_chunk > 0 ? options.first_chunk
                  : options.chunk > 0     ? options.chunk
                                          : kEndless),
      chunk_(options.chunk > 0 ? options.chunk : kEndless),
      cut_last_token_(options.cut_last_token) {}

at::Tensor SpeechStream::speak(bool last) {
  const at::Tensor mel = mel_.push(at::tensor(waiting_, at::kLong), last);
  waiting_.clear();
  at::Tensor samples = vocoder_.push(mel.t().unsqueeze(0), last).to(at::kCPU);
  fade_in(samples, position_);
  // Nothing of the last token has left before: the mel stays three tokens behind.
  if (last && cut_last_token_)
    samples =
        samples.slice(0, 0, std::max<std::int64_t>(1, pushed_ - 1) * kSamplesPerToken - position_);
  position_ += samples.size(0);
  return samples;
}

at::Tensor SpeechStream::push(std::span<const std::int64_t> tokens) {
  std::vector<at::Tensor> ready{at::empty({0}, at::kFloat)};
  for (const std::int64_t token : tokens) {
    waiting_.push_back(token);
    ++pushed_;
    if (waiting_.size() < next_chunk_) continue;
    next_chunk_ = chunk_;
    ready.push_back(speak(/*last=*/false));
  }
  return at::cat(ready);
}

at::Tensor SpeechStream::finish() { return speak(/*last=*/true); }

}  // namespace chatterbox
