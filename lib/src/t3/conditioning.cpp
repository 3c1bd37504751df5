// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/conditioning.h"

#include <cmath>

namespace chatterbox {

Perceiver::Perceiver(const Weights& weights, const T3Config& config)
    : heads_(config.perceiver_heads),
      queries_(weights.take("pre_attention_query", {1, config.perceiver_queries, config.hidden})),
      norm_(weights.scope("attn").scope("norm"), config.hidden),
      to_q_(weights.scope("attn").scope("to_q"), config.hidden, config.hidden),
      to_k_(weights.scope("attn").scope("to_k"), config.hidden, config.hidden),
      to_v_(weights.scope("attn").scope("to_v"), config.hidden, config.hidden),
      proj_out_(weights.scope("attn").scope("proj_out"), config.hidden, config.hidden) {}

at::Tensor Perceiver::attend(const at::Tensor& from, const at::Tensor& to) const {
  const auto heads = [&](const at::Tensor& x) {  // (1, T, hidden) -> (1, heads, T, dim)
    return x.view({1, x.size(1), heads_, -1}).transpose(1, 2);
  };
  const at::Tensor normed = norm_(to);
  const at::Tensor q = heads(to_q_(norm_(from)));
  const at::Tensor k = heads(to_k_(normed));
  const at::Tensor v = heads(to_v_(normed));
  const double scale = 1.0 / std::sqrt(double(q.size(-1)));
  const at::Tensor weights = at::softmax(at::matmul(q, k.transpose(-1, -2)) * scale, -1);
  const at::Tensor mixed = at::matmul(weights, v).transpose(1, 2).reshape(from.sizes());
  return from + proj_out_(mixed);
}

at::Tensor Perceiver::operator()(const at::Tensor& prompt) const {
  const at::Tensor summary = attend(queries_, prompt);
  return attend(summary, summary);
}

ConditioningEncoder::ConditioningEncoder(const Weights& weights, const T3Config& config)
    : speaker_(weights.scope("spkr_enc"), config.speaker_embedding, config.hidden) {
  if (config.perceiver_queries > 0) perceiver_.emplace(weights.scope("perceiver"), config);
  if (config.emotion)
    emotion_.emplace(weights.scope("emotion_adv_fc"), 1, config.hidden, Bias::kNone);
}

at::Tensor ConditioningEncoder::operator()(const at::Tensor& speaker, const at::Tensor& prompt,
                                           double exaggeration) const {
  std::vector<at::Tensor> parts{speaker_(speaker).unsqueeze(1)};
  if (prompt.size(1) > 0) parts.push_back(perceiver_ ? (*perceiver_)(prompt) : prompt);
  if (emotion_) parts.push_back((*emotion_)(at::full({1, 1, 1}, exaggeration, at::kFloat)));
  return at::cat(parts, 1);
}

}  // namespace chatterbox
