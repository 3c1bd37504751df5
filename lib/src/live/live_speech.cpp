// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "live/live_speech.h"

#include <algorithm>

#include "speech_stream.h"

namespace chatterbox {
namespace {

constexpr std::int64_t kFadeOut = 240;  // samples, 10 ms

}  // namespace

LiveSpeech::LiveSpeech(const S3Gen& s3gen, const Hift& hift,
                       std::shared_ptr<const PromptCache> prompt, const Options& options)
    : no_mel_(at::empty({0, kMelBands}, s3gen.options())),
      mel_(s3gen, prompt, options.seed, options.checkpoint),
      vocoder_(hift, options.seed, options.vocoder_lookahead),
      missing_((prompt->frames() - prompt->length() * kFramesPerToken) * kSamplesPerFrame) {}

at::Tensor LiveSpeech::vocode(const at::Tensor& mel, bool last) {
  at::Tensor samples = vocoder_.push(mel.t().unsqueeze(0), last);
  if (missing_ > 0) samples = at::cat({at::zeros({missing_}, at::kFloat), samples});
  missing_ = 0;
  fade_in(samples, position_);
  position_ += samples.size(0);
  return samples;
}

at::Tensor LiveSpeech::push(const at::Tensor& tokens, const at::Tensor& ahead) {
  return vocode(mel_.push_live(tokens, ahead), /*last=*/false);
}

at::Tensor LiveSpeech::finish() {
  at::Tensor samples = vocode(no_mel_, /*last=*/true);
  const std::int64_t faded = std::min(kFadeOut, samples.size(0));
  samples.slice(0, samples.size(0) - faded).mul_(at::linspace(1, 0, faded, at::kFloat));
  return samples;
}

}  // namespace chatterbox
