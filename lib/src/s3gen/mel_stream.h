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
// With attention in groups each piece is one group: everything before it is cached and never
// computed again. Up to 160 tokens the pieces equal whole synthesis with the same groups; in longer
// speech attention sees the prompt and the newest 100 to 160 tokens (more where a piece alone is
// longer), so that each piece costs the same. With full attention a bounded stretch of the past is
// computed again, with its emitted mel as known as the prompt's, so that the piece continues it.
class MelStream {
 public:
  MelStream(const S3Gen& s3gen, std::shared_ptr<const PromptCache> prompt, std::uint64_t seed,
            Checkpoint checkpoint);

  // Appends tokens, (n) int64; `last`: none will follow. Returns the frames that became known, (F,
  // 80), perhaps none.
  at::Tensor push(const at::Tensor& tokens, bool last);

  // Appends tokens of speech without an end and returns the mel of all of them at once. `ahead`, (0
  // to 3) int64, are guesses at the next tokens. The past is forgotten as far as attention can
  // spare it, so that memory and time stay bounded. Not to be mixed with push().
  at::Tensor push_live(const at::Tensor& tokens, const at::Tensor& ahead);

  // Bytes of attention's cache and of the tokens.
  std::int64_t bytes() const { return cache_.bytes() + std::int64_t(tokens_.nbytes()); }

 private:
  at::Tensor advance(std::int64_t end);
  // Forgets the oldest tokens where `count` more would be too many.
  void make_room(std::int64_t count);
  // Tokens of prompt and utterance so far.
  std::int64_t length() const { return forgotten_ + tokens_.size(0); }
  at::Tensor advance_cached(std::int64_t end);
  at::Tensor advance_again(std::int64_t end);
  // Noise of frames [first, end), (end - first, 80).
  at::Tensor noise(std::int64_t first, std::int64_t end) const;
  // Known mel of frames [first, end): the prompt's where there is one, zeros elsewhere.
  at::Tensor known(std::int64_t first, std::int64_t end) const;

  const S3Gen& s3gen_;
  std::shared_ptr<const PromptCache> prompt_;
  Noise noise_;
  Checkpoint checkpoint_;
  S3Gen::Cache cache_;
  // Tokens and frames are counted from the start of the prompt.
  at::Tensor tokens_;  // all but the forgotten ones
  std::int64_t forgotten_ = 0;
  std::int64_t done_;  // tokens whose frames are computed
  at::Tensor recent_;  // full attention: mel of the newest frames, (F, 80)
};

}  // namespace chatterbox
