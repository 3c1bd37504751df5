// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/noise.h"
#include "s3gen/checkpoint.h"
#include "s3gen/prompt_cache.h"
#include "s3gen/s3gen.h"

namespace chatterbox {

// Mel of one utterance, piece by piece. A piece ends three tokens before the
// last token known, because the encoder looks that far ahead.
//
// Where attention goes in groups, each piece is one group: everything before
// it is cached and never computed again, and up to 200 tokens the pieces together are
// what whole synthesis with the same groups gives; of longer speech the prompt and the
// newest 100 to 200 tokens are seen, so that each piece costs the same. With full attention it
// computes again a bounded stretch of what was spoken, takes the mel already
// emitted for known, as it does the prompt's, and so continues it.
class MelStream {
 public:
  MelStream(const S3Gen& s3gen, std::shared_ptr<const PromptCache> prompt, std::uint64_t seed,
            Checkpoint checkpoint);

  // More tokens, (n) int64. `last`: none will follow. Returns the frames that
  // became known, (F, 80), perhaps none.
  at::Tensor push(const at::Tensor& tokens, bool last);

  // For speech without an end: mel of all of `tokens` at once, seen in the light
  // of `ahead`, (0 to 3) int64, which are guesses at what comes next. What lies
  // further back than attention needs is forgotten, so that memory and time stay
  // bounded. Not to be mixed with push().
  at::Tensor push_live(const at::Tensor& tokens, const at::Tensor& ahead);

  // Of what attention remembers.
  std::int64_t bytes() const { return cache_.bytes(); }

 private:
  at::Tensor advance(std::int64_t end);
  void forget();
  // Tokens of prompt and utterance so far.
  std::int64_t length() const { return forgotten_ + tokens_.size(0); }
  at::Tensor advance_cached(std::int64_t end);
  at::Tensor advance_again(std::int64_t end);
  // Noise of frames [first, end), (end - first, 80).
  at::Tensor noise(std::int64_t first, std::int64_t end) const;
  // Mel of the prompt where it is known of frames [first, end), zeros elsewhere.
  at::Tensor known(std::int64_t first, std::int64_t end) const;

  const S3Gen& s3gen_;
  std::shared_ptr<const PromptCache> prompt_;
  Noise noise_;
  Checkpoint checkpoint_;
  S3Gen::Cache cache_;
  // Tokens and frames are counted from the start of the prompt.
  at::Tensor tokens_;  // all so far, but for those forgotten
  std::int64_t forgotten_ = 0;
  std::int64_t done_;  // tokens whose frames are computed
  at::Tensor recent_;  // full attention: mel of the newest frames, (F, 80)
};

}  // namespace chatterbox
