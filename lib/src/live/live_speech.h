// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

#include "live/live_vocoder.h"
#include "s3gen/mel_stream.h"

namespace chatterbox {

// Speech without an end in one voice, from tokens that were heard. Every token
// becomes 960 samples; those of the last `vocoder_lookahead` frames wait for
// what follows.
class LiveSpeech {
 public:
  struct Options {
    std::uint64_t seed = 0;
    std::int64_t vocoder_lookahead = 1;  // frames of 20 ms
    Checkpoint checkpoint;
  };

  LiveSpeech(const S3Gen& s3gen, const Hift& hift, std::shared_ptr<const PromptCache> prompt,
             const Options& options);

  // tokens (n) int64, spoken in the light of `ahead`, (0 to 3) int64, which are
  // guesses at the tokens after them. Returns samples (N) float32.
  at::Tensor push(const at::Tensor& tokens, const at::Tensor& ahead);
  // The rest, fading out at its end.
  at::Tensor finish();
  // As the vocoder's.
  const at::Tensor& tail() const { return vocoder_.tail(); }

 private:
  at::Tensor vocode(const at::Tensor& mel, bool last);

  at::Tensor no_mel_;  // (0, 80) where the mel is computed
  MelStream mel_;
  LiveVocoder vocoder_;
  std::int64_t missing_;  // samples that the prompt's mel takes of the first token
  std::int64_t position_ = 0;
};

}  // namespace chatterbox
