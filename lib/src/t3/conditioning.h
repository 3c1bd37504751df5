// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <optional>

#include "config.h"
#include "nn/layers.h"

namespace chatterbox {

// Attention of 32 learnt queries over a prompt of any length, then of the
// result over itself with the same weights (after https://arxiv.org/abs/2103.03206).
class Perceiver {
 public:
  Perceiver(const Weights& weights, const T3Config& config);
  // (1, N, hidden) -> (1, queries, hidden)
  at::Tensor operator()(const at::Tensor& prompt) const;

 private:
  at::Tensor attend(const at::Tensor& from, const at::Tensor& to) const;

  std::int64_t heads_;
  at::Tensor queries_;  // (1, queries, hidden)
  LayerNorm norm_;
  Linear to_q_, to_k_, to_v_, proj_out_;
};

// Conditioning, T3's input before the text: speaker, speech prompt, emotion. A model without a
// perceiver takes the prompt as it is, and one without emotion no third part.
class ConditioningEncoder {
 public:
  // `weights` is the scope "cond_enc".
  ConditioningEncoder(const Weights& weights, const T3Config& config);
  // speaker (1, E); prompt (1, N, hidden), embedded speech tokens, N may be 0.
  // -> (1, C, hidden)
  at::Tensor operator()(const at::Tensor& speaker, const at::Tensor& prompt,
                        double exaggeration) const;

 private:
  Linear speaker_;
  std::optional<Perceiver> perceiver_;
  std::optional<Linear> emotion_;
};

}  // namespace chatterbox
