// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

#include "conditionals.h"
#include "s3gen/s3gen.h"

namespace chatterbox {

// The prompt of one voice, with which every utterance of it begins. When attention goes in groups
// it includes the prompt's share of all caches, which no utterance then computes again; the
// prompt's noise therefore has a seed of its own. Immutable; streams share it.
class PromptCache {
 public:
  PromptCache(const S3Gen& s3gen, const Conditionals& conditionals, const FlowChoice& choice);

  // Attention and steps of all speech that begins with it.
  const FlowChoice& choice() const { return choice_; }
  bool attends_in_groups() const { return choice_.attention == FlowAttention::kChunk; }

  std::int64_t length() const { return tokens_.size(0); }  // tokens
  std::int64_t frames() const { return mel_.size(0); }
  // (P) int64
  const at::Tensor& tokens() const { return tokens_; }
  // (frames, 80) each. P tokens make 2 P frames, but a recording may end with
  // one more, which then stands for the first frame of the first new token.
  const at::Tensor& mel() const { return mel_; }
  const at::Tensor& noise() const { return noise_; }
  // (1, 80)
  const at::Tensor& speaker() const { return speaker_; }

  // Timbre correction, added to every frame of mel made for this voice, (80); undefined: none. The
  // flow makes the prompt's frames as well, though they are known; for a voice unlike those it
  // learned from, their mean error is that of new frames.
  const at::Tensor& colour() const { return colour_; }

  // The caches after the first cached_tokens() tokens: those whose look ahead
  // ends within the prompt.
  const S3Gen::Cache& cache() const { return cache_; }
  std::int64_t cached_tokens() const { return cached_tokens_; }
  std::int64_t bytes() const {
    return cache_.bytes() + std::int64_t(mel_.nbytes() + noise_.nbytes());
  }

 private:
  FlowChoice choice_;
  at::Tensor tokens_, mel_, noise_, speaker_, colour_;
  std::int64_t cached_tokens_ = 0;
  S3Gen::Cache cache_;
};

}  // namespace chatterbox
