// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/prompt_cache.h"

#include <algorithm>

#include "nn/check.h"
#include "nn/noise.h"

namespace chatterbox {
namespace {

// Every utterance of a voice shares its prompt's noise.
constexpr std::uint64_t kPromptSeed = 0;

// Frames whose bands are in the mean this far below the median are pauses, log.
constexpr double kPause = 1.0;

// In the mean over frames of speech, what `made` lacks of `mel`; (F, 80) each.
at::Tensor missing_colour(const at::Tensor& mel, const at::Tensor& made) {
  const at::Tensor loudness = mel.mean(1);
  const at::Tensor speech = (loudness > loudness.median() - kPause).to(mel.dtype()).unsqueeze(1);
  return ((mel - made) * speech).sum(0) / speech.sum().clamp_min(1);
}

}  // namespace

PromptCache::PromptCache(const S3Gen& s3gen, const Conditionals& conditionals,
                         const FlowChoice& choice)
    : choice_(choice),
      tokens_(conditionals.prompt_tokens[0].to(at::kCPU, at::kLong)),
      speaker_(s3gen.speaker(conditionals.xvector)) {
  check_shape("prompt mel", conditionals.prompt_mel, {1, kAny, kMelBands});
  if (conditionals.prompt_mel.size(1) < length() * kFramesPerToken)
    check_shape("prompt mel", conditionals.prompt_mel, {1, length() * kFramesPerToken, kMelBands});
  mel_ = conditionals.prompt_mel[0].to(s3gen.options());
  noise_ = Noise(kPromptSeed, NoiseStream::kFlowPrompt)
               .normal(0, frames() * kMelBands)
               .view({frames(), kMelBands})
               .to(s3gen.options());
  cached_tokens_ = std::max<std::int64_t>(0, length() - kLookaheadTokens);
  if (!attends_in_groups() || cached_tokens_ == 0) {
    cached_tokens_ = 0;
    return;
  }
  const std::int64_t cached_frames = cached_tokens_ * kFramesPerToken;
  const at::Tensor mel = mel_.narrow(0, 0, cached_frames);
  const at::Tensor made = s3gen.next_mel(tokens_, length() - cached_tokens_, speaker_, mel,
                                         noise_.narrow(0, 0, cached_frames), cache_,
                                         /*checkpoint=*/{}, choice.steps);
  if (s3gen.colour() != 0) colour_ = missing_colour(mel, made) * s3gen.colour();
  cache_.seal();
}

}  // namespace chatterbox
