// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr float kDropped = -std::numeric_limits<float>::infinity();

constexpr Filter kPenaltyFirst[] = {Filter::kPenalty, Filter::kTemperature, Filter::kMinP,
                                    Filter::kTopP};
constexpr Filter kPenaltyLast[] = {Filter::kTemperature, Filter::kTopK, Filter::kTopP,
                                   Filter::kPenalty};

}  // namespace

const char* to_string(Filter filter) {
  switch (filter) {
    case Filter::kPenalty:
      return "penalty";
    case Filter::kTemperature:
      return "temperature";
    case Filter::kTopK:
      return "top_k";
    case Filter::kMinP:
      return "min_p";
    case Filter::kTopP:
      return "top_p";
  }
  return "";
}

std::span<const Filter> filters_of(Sampling sampling) {
  return sampling == Sampling::kPenaltyFirst ? kPenaltyFirst : kPenaltyLast;
}

Sampler::Sampler(const SamplingOptions& options, std::int64_t vocabulary)
    : options_(options),
      vocabulary_(vocabulary),
      noise_(options.seed, NoiseStream::kSampler),
      is_seen_(std::size_t(vocabulary), false),
      probabilities_(std::size_t(vocabulary)) {}

void Sampler::remember(std::int64_t token) {
  if (is_seen_[std::size_t(token)]) return;
  is_seen_[std::size_t(token)] = true;
  seen_.push_back(token);
}

void Sampler::forget(std::int64_t token) {
  is_seen_[std::size_t(token)] = false;
  std::erase(seen_, token);
}

void Sampler::apply(Filter filter, float* logits) {
  switch (filter) {
    case Filter::kPenalty:
      return penalize(logits);
    case Filter::kTemperature:
      return apply_temperature(logits);
    case Filter::kTopK:
      return apply_top_k(logits);
    case Filter::kMinP:
      return apply_min_p(logits);
    case Filter::kTopP:
      return apply_top_p(logits);
  }
}

void Sampler::guide(float* conditional, const float* unconditional) const {
  const float weight = float(options_.cfg_weight);
  for (std::int64_t i = 0; i < vocabulary_; ++i)
    conditional[i] += weight * (conditional[i] - unconditional[i]);
}

void Sampler::penalize(float* logits) const {
  const float penalty = float(options_.repetition_penalty);
  for (const std::int64_t token : seen_)
    logits[token] = logits[token] < 0 ? logits[token] * penalty : logits[token] / penalty;
}

void Sampler::apply_temperature(float* logits) const {
  if (options_.temperature == 1.0 || options_.temperature == 0.0) return;
  const float temperature = float(options_.temperature);
  for (std::int64_t i = 0; i < vocabulary_; ++i) logits[i] /= temperature;
}

void Sampler::fill_probabilities(const float* logits) {
  const float peak = *std::max_element(logits, logits + vocabulary_);
  if (!std::isfinite(peak))
    throw Error(ErrorCode::kModelFailure, "T3: expected finite logits, got none");
  double total = 0;
  for (std::int64_t i = 0; i < vocabulary_; ++i) {
    const float value = logits[i] == kDropped ? 0.0f : std::exp(logits[i] - peak);
    probabilities_[std::size_t(i)] = value;
    total += value;
  }
  if (!std::isfinite(total))
    throw Error(ErrorCode::kModelFailure, "T3: expected finite logits, got NaN");
  const float scale = float(1.0 / total);
  for (float& probability : probabilities_) probability *= scale;
}

// Drops logits below the k-th largest; its equals stay.
void Sampler::apply_top_k(float* logits) {
  if (options_.top_k <= 0 || options_.top_k >= vocabulary_) return;
  ranked_.assign(logits, logits + vocabulary_);
  const auto kth = ranked_.begin() + (options_.top_k - 1);
  std::nth_element(ranked_.begin(), kth, ranked_.end(), std::greater<float>());
  for (std::int64_t i = 0; i < vocabulary_; ++i)
    if (logits[i] < *kth) logits[i] = kDropped;
}

void Sampler::apply_min_p(float* logits) {
  if (options_.min_p <= 0.0) return;
  fill_probabilities(logits);
  const auto likeliest = std::max_element(probabilities_.begin(), probabilities_.end());
  const float threshold = float(options_.min_p) * *likeliest;
  const std::int64_t keep = likeliest - probabilities_.begin();
  for (std::int64_t i = 0; i < vocabulary_; ++i)
    if (probabilities_[std::size_t(i)] < threshold && i != keep) logits[i] = kDropped;
}

// Nucleus sampling (Holtzman et al., https://arxiv.org/abs/1904.09751): from
// the least likely up, tokens go while their total stays within 1 - top_p.
void Sampler::apply_top_p(float* logits) {
  fill_probabilities(logits);
  candidates_.clear();
  for (std::int64_t i = 0; i < vocabulary_; ++i)
    if (logits[i] != kDropped) candidates_.push_back(i);
  // A top_p of 1 drops only tokens without any probability.
  if (options_.top_p < 1.0)
    std::stable_sort(candidates_.begin(), candidates_.end(),
                     [&](std::int64_t a, std::int64_t b) { return logits[a] < logits[b]; });
  const float limit = float(1.0 - options_.top_p);
  double total = 0;
  for (std::size_t i = 0; i + 1 < candidates_.size(); ++i) {
    const float probability = probabilities_[std::size_t(candidates_[i])];
    total = options_.top_p < 1.0 ? total + probability : probability;
    if (float(total) <= limit) logits[candidates_[i]] = kDropped;
  }
}

std::int64_t Sampler::draw(const float* logits) {
  if (options_.temperature == 0.0) {
    const float* likeliest = std::max_element(logits, logits + vocabulary_);
    if (!std::isfinite(*likeliest))
      throw Error(ErrorCode::kModelFailure, "T3: expected finite logits, got none");
    return likeliest - logits;
  }
  fill_probabilities(logits);
  uniform_.resize(std::size_t(vocabulary_));
  noise_.uniform(draws_++ * vocabulary_, vocabulary_, uniform_.data());
  std::int64_t winner = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < vocabulary_; ++i) {
    const float probability = probabilities_[std::size_t(i)];
    if (probability <= 0) continue;
    // Half a step up: a wait is neither zero nor infinite.
    const double wait = -std::log(double(uniform_[std::size_t(i)]) + 0x1p-25) / probability;
    if (wait < least) {
      least = wait;
      winner = i;
    }
  }
  return winner;
}

}  // namespace chatterbox
