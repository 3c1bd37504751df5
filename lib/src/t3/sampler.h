// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config.h"
#include "nn/noise.h"

namespace chatterbox {

// Settings of sampling, with the meanings of SynthesisOptions.
struct SamplingOptions {
  double cfg_weight = 0.5;
  double temperature = 0.8;
  double repetition_penalty = 1.2;
  double min_p = 0.05;
  double top_p = 1.0;
  int top_k = 0;
  std::uint64_t seed = 0;
  int max_tokens = 1000;
};

// Steps that change logits between the model and the draw.
enum class Filter { kPenalty, kTemperature, kTopK, kMinP, kTopP };
const char* to_string(Filter filter);

// The filters of a model in the order in which upstream applies them. Where the penalty is last,
// the others see logits without it.
std::span<const Filter> filters_of(Sampling sampling);

// Logits to one token: guidance, the model's filters, a draw. Each step works in place, so
// that a caller may look at the logits between them. One sampler serves one request.
class Sampler {
 public:
  Sampler(const SamplingOptions& options, std::int64_t vocabulary);

  // conditional + cfg_weight * (conditional - unconditional), in place of the
  // first; vocabulary values each.
  void guide(float* conditional, const float* unconditional) const;
  void apply(Filter filter, float* logits);
  // Divides positive and multiplies negative logits of tokens seen so far.
  void penalize(float* logits) const;
  void apply_temperature(float* logits) const;
  // Filters: dropped tokens get logits of minus infinity.
  void apply_top_k(float* logits);
  void apply_min_p(float* logits);
  void apply_top_p(float* logits);
  // A token with the probabilities of the softmax of `logits`; the likeliest at temperature 0. The
  // first of exponential waits wins, one for each token, as in torch.multinomial: logits that
  // differ by little give the same token, but for a draw in as many. Throws kModelFailure when no
  // token has a finite logit.
  std::int64_t draw(const float* logits);

  // Counts a token as seen, or as not seen any more.
  void remember(std::int64_t token);
  void forget(std::int64_t token);

 private:
  SamplingOptions options_;
  std::int64_t vocabulary_;
  Noise noise_;
  std::int64_t draws_ = 0;
  void fill_probabilities(const float* logits);

  std::vector<std::int64_t> seen_;        // each once
  std::vector<bool> is_seen_;             // by token
  std::vector<float> probabilities_;      // of the last logits
  std::vector<std::int64_t> candidates_;  // scratch
  std::vector<float> ranked_, uniform_;   // scratch
};

}  // namespace chatterbox
