// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <vector>

#include "nn/noise.h"

namespace chatterbox {

// How T3 chooses tokens; the meanings are those of SynthesisOptions.
struct SamplingOptions {
  double cfg_weight = 0.5;
  double temperature = 0.8;
  double repetition_penalty = 1.2;
  double min_p = 0.05;
  double top_p = 1.0;
  std::uint64_t seed = 0;
  int max_tokens = 1000;
};

// Logits to one token, in upstream's order: guidance, repetition penalty,
// temperature, min-p, top-p, a draw. Each step works in place, so that a caller
// may look at the logits between them. One sampler serves one request.
class Sampler {
 public:
  Sampler(const SamplingOptions& options, std::int64_t vocabulary);

  // conditional + cfg_weight * (conditional - unconditional), in place of the
  // first; vocabulary values each.
  void guide(float* conditional, const float* unconditional) const;
  // Divides positive and multiplies negative logits of tokens seen so far.
  void penalize(float* logits) const;
  void apply_temperature(float* logits) const;
  // Both set what they drop to minus infinity.
  void apply_min_p(float* logits);
  void apply_top_p(float* logits);
  // A token with the probabilities of the softmax of `logits`; the likeliest at
  // temperature 0. Throws kModelFailure when no token has a finite logit.
  std::int64_t draw(const float* logits);

  // Counts a token as seen.
  void remember(std::int64_t token);

 private:
  SamplingOptions options_;
  std::int64_t vocabulary_;
  Noise noise_;
  std::int64_t draws_ = 0;
  void fill_probabilities(const float* logits);

  std::vector<std::int64_t> seen_;        // each once
  std::vector<bool> is_seen_;             // by token
  std::vector<float> probabilities_;      // of the logits last looked at
  std::vector<std::int64_t> candidates_;  // scratch
};

}  // namespace chatterbox
