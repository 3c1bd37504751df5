// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hift/vocoder_stream.h"
#include "s3gen/mel_stream.h"

namespace chatterbox {

// The start of an utterance echoes the end of the prompt: it is silenced for 20
// ms and fades in for as long again. `position` is the index of samples[0].
void fade_in(at::Tensor samples, std::int64_t position);

// One utterance from speech tokens to samples while tokens arrive. However
// tokens are handed in, work is done whenever the next chunk is complete, and
// random numbers are addressed by position: samples depend on tokens, voice,
// seed and chunk sizes alone. Belongs to one thread; model parts and prompt
// must outlive it.
class SpeechStream {
 public:
  struct Options {
    std::uint64_t seed = 0;
    // Tokens in the first chunk and in those after it; 0: the whole utterance
    // is one chunk.
    std::int64_t first_chunk = 0;
    std::int64_t chunk = 0;
    // The last token ends the speech and is not heard.
    bool cut_last_token = false;
    // Called between steps of work; what it throws ends the stream.
    Checkpoint checkpoint;
  };

  SpeechStream(const S3Gen& s3gen, const Hift& hift, std::shared_ptr<const PromptCache> prompt,
               const Options& options);

  // More tokens; returns the samples that became ready, (N) float32, perhaps
  // none. Throws kInvalidArgument for tokens out of range.
  at::Tensor push(std::span<const std::int64_t> tokens);

  // As many tokens are in the chunk that waits.
  void set_next_chunk(std::size_t tokens) { next_chunk_ = tokens; }
  // Tokens until that is complete, and push() has work to do; 1 or more.
  std::size_t missing() const {
    return next_chunk_ > waiting_.size() ? next_chunk_ - waiting_.size() : 1;
  }

  // The rest. All samples together are 960 per token, or 480 less when the
  // prompt's mel reaches into the first; or 960 for each token but the last, and
  // for one at least.
  at::Tensor finish();

  // Samples returned so far.
  std::int64_t position() const { return position_; }

 private:
  // Speaks the tokens waiting.
  at::Tensor speak(bool last);

  MelStream mel_;
  VocoderStream vocoder_;
  std::size_t next_chunk_, chunk_;  // tokens in the chunk that waits, and in others
  std::vector<std::int64_t> waiting_;
  bool cut_last_token_;
  std::int64_t pushed_ = 0;  // tokens
  std::int64_t position_ = 0;
};

}  // namespace chatterbox
