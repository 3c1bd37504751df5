// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "config.h"
#include "nn/weights.h"
#include "t3/sampler.h"
#include "t3/voice_prefix.h"

namespace chatterbox {

// One generation's text and voice.
struct T3Request {
  // Result of hear() for the three fields below; null: generate() computes it.
  std::shared_ptr<const VoicePrefix> prefix;
  at::Tensor speaker_embedding;  // (1, E) float32
  at::Tensor speech_prompt;      // (1, N) int64; N may be 0
  double exaggeration = 0.5;
  std::vector<std::int64_t> text_ids;  // without start and stop tokens
  SamplingOptions sampling;
  // Number of T3's threads for the next step; null: all.
  const std::atomic<int>* threads = nullptr;
};

// Takes each speech token as it is made, and the index into text_ids that the
// alignment head looks at, or -1 without such a head. False ends generation.
// The stop token that ends generation is not delivered. Other ids of start_speech and
// above, which a model may draw on a bad day, are: the caller drops them, as upstream does.
using TokenSink = std::function<bool(std::int64_t token, int text_position)>;

// Observer of a generation's inside; every callback may be empty.
struct T3Trace {
  // (1, C, hidden): speaker, prompt, emotion.
  std::function<void(const at::Tensor& conditioning)> conditioning;
  // Row 0 with text, row 1 (guidance only) without; (rows, vocabulary) float32. Step 0 is the
  // prefill's result.
  std::function<void(int step, const at::Tensor& logits)> logits;
  // Logits (vocabulary) of the same step after "guidance" and after each filter of the model
  // (to_string(Filter)).
  std::function<void(int step, const char* filter, const at::Tensor& logits)> filtered;
  // Replaces the draw: chooses a token by the logits (vocabulary) after all filters.
  std::function<std::int64_t(const at::Tensor& logits)> choose;
};

// Guesses of coming tokens by a draft of the model in int8 (lookahead.h), on the processor. They
// change how long tokens take, not the tokens, and need memory for the draft. They pay where
// reading the weights takes the time: in float32, and with more weights than the caches hold.
enum class Guesses { kNever, kWhereTheyPay, kAlways };

// Token-to-token: text tokens to speech tokens, 25 a second. Const and
// reentrant: each call keeps its state to itself.
class T3 {
 public:
  // `weights` is the whole of the file. Threads: how many compute one
  // decoding step; 0: as many as libtorch uses.
  T3(const Weights& weights, const T3Config& config, int threads = 0,
     Guesses guesses = Guesses::kWhereTheyPay);
  ~T3();

  // The request's voice, ready to speak any text. Its text_ids and sampling do not count.
  // Throws kInvalidArgument for tensors of wrong shape or tokens outside the vocabulary.
  std::shared_ptr<const VoicePrefix> hear(const T3Request& request) const;

  // All tokens that the sink was given. Throws kInvalidArgument for empty or
  // too long text or ids outside the vocabulary, kModelFailure when logits are
  // not finite.
  std::vector<std::int64_t> generate(const T3Request& request, const TokenSink& sink,
                                     const T3Trace& trace = {}) const;

  const T3Config& config() const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace chatterbox
