// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "conditionals.h"
#include "config.h"
#include "nn/layers.h"
#include "nn/weights.h"
#include "s3gen/flow_matching.h"
#include "s3gen/token_encoder.h"

namespace chatterbox {

// Ends, in tokens from the start of the prompt, of the spans that attention is
// limited to; empty: no limit.
using Groups = std::vector<std::int64_t>;

// Settings of the flow.
struct FlowChoice {
  FlowAttention attention = FlowAttention::kFull;
  int steps = 0;  // Euler steps; 0: the model's own number
  bool operator==(const FlowChoice&) const = default;
};

// Speech tokens (25/s) in the voice of a prompt to a mel spectrogram (50/s),
// which the HiFT vocoder makes audible. Immutable and reentrant.
class S3Gen {
 public:
  // `flow` is the scope "flow" of the weights. Tensors in and out are float32
  // whatever the weights' type, which only the estimator's products follow.
  S3Gen(const Weights& flow, const ModelConfig& config);

  // Every token of an utterance, prompt first, at once. tokens (1, T) int64 ->
  // features (1, 2 T, 80). Throws kInvalidArgument for tokens out of range.
  at::Tensor encode(const at::Tensor& tokens, const Groups& groups = {}) const;

  // x-vector (1, V) -> speaker (1, 80)
  at::Tensor speaker(const at::Tensor& xvector) const;

  // Mel of `tokens` (1, T), without the prompt's: (1, 80, F). `noise` (1, 80, prompt frames + F) is
  // the flow's start, standard normal.
  at::Tensor mel(const at::Tensor& tokens, const Conditionals& conditionals,
                 const at::Tensor& noise, const Groups& groups = {},
                 const Checkpoint& checkpoint = {}, int steps = 0) const;

  // State of one utterance in pieces.
  struct Cache {
    TokenEncoder::Cache encoder;
    FlowMatching::Cache flow;

    void seal();
    std::int64_t bytes() const;
  };

  // Drops all but the first and the last tokens from attention's cache, which bounds memory and
  // time of speech without an end.
  void keep(Cache& cache, std::int64_t first, std::int64_t last) const;

  // The next group of an utterance in pieces: `tokens` (T + ahead) int64, the last `ahead` of them
  // as lookahead only, three unless the utterance ends. noise and known mel (2 T, 80). Returns mel
  // (2 T, 80). All groups of a cache take the same number of steps.
  at::Tensor next_mel(const at::Tensor& tokens, std::int64_t ahead, const at::Tensor& speaker,
                      const at::Tensor& known, const at::Tensor& noise, Cache& cache,
                      const Checkpoint& checkpoint = {}, int steps = 0) const;

  // The flow alone. features, known and noise (F, 80), speaker (1, 80) -> (F, 80)
  at::Tensor flow(const at::Tensor& features, const at::Tensor& speaker, const at::Tensor& known,
                  const at::Tensor& noise, const at::Tensor& bias,
                  const Checkpoint& checkpoint = {}, int steps = 0) const;

  int steps_for(int wanted) const { return flow_.steps_for(wanted); }  // see FlowMatching
  double colour() const { return colour_; }                            // see FlowConfig
  at::TensorOptions options() const { return encoder_proj_.weight.options(); }

 private:
  S3Gen(const Weights& flow, const ModelConfig& config, at::ScalarType products);
  at::Tensor embed(const at::Tensor& tokens) const;

  double colour_;
  Embedding input_embedding_;
  Linear speaker_affine_;
  TokenEncoder encoder_;
  Linear encoder_proj_;
  FlowMatching flow_;
};

}  // namespace chatterbox
