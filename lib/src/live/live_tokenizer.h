// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "audio/mel.h"
#include "live/live_shape.h"
#include "s3tokenizer/s3tokenizer.h"

namespace chatterbox {

// The tokenizer on speech as it comes. It would like to see the whole recording;
// here a token sees `context` tokens before it, which are never computed again,
// and those after it that were heard already. The loudest sound so far takes the
// place of the recording's loudest, below which everything counts as silence.
class LiveTokenizer {
 public:
  LiveTokenizer(const S3Tokenizer& tokenizer, std::int64_t context);

  // More speech, 16 kHz.
  void push(std::span<const float> samples);
  // Tokens heard to their end, which takes kHeardEdge samples more.
  std::int64_t heard() const;

  // Tokens [begin, end) and guesses at the `ahead` tokens after them, as they
  // sound now; (end - begin + ahead) int64. `begin` is the last `end`, or later
  // when tokens in between are of no interest.
  at::Tensor tokens(std::int64_t begin, std::int64_t end, std::int64_t ahead);
  // Tokens before `begin` are of no interest.
  void skip(std::int64_t begin);

 private:
  void listen(const at::Tensor& energies);

  const S3Tokenizer& tokenizer_;
  std::int64_t context_;
  Mel mel_;
  std::vector<float> samples_;  // from the first one the next frame covers
  at::Tensor energies_;         // (mels, frames) from token first_ on, log10
  std::int64_t first_ = 0;
  double loudest_;
  S3Tokenizer::Cache cache_;
  std::int64_t cached_ = 0;  // the token after those in the cache
};

}  // namespace chatterbox
