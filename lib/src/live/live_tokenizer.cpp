// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "live/live_tokenizer.h"

#include <algorithm>
#include <cmath>

namespace chatterbox {
namespace {

constexpr std::int64_t kHop = 160;
constexpr std::int64_t kHalfWindow = 200;
// Tokens before speech sets in that are heard although nobody spoke.
constexpr std::int64_t kRunUp = 12;
constexpr double kFloor = -10;  // log10 of energy
constexpr double kRange = 8;

// The tokenizer's front end up to where it looks at the whole recording.
MelParams open_ended(int mels) {
  MelParams params = tokenizer_mel(mels);
  params.edge_samples = 0;
  params.drop_last_frame = false;
  params.scale = MelScale::kLinear;
  return params;
}

}  // namespace

LiveTokenizer::LiveTokenizer(const S3Tokenizer& tokenizer, std::int64_t context)
    : tokenizer_(tokenizer),
      context_(context),
      mel_(open_ended(tokenizer.mels())),
      samples_(std::size_t(kHalfWindow), 0.0f),  // silence before the beginning
      energies_(at::empty({tokenizer.mels(), 0}, at::kFloat)),
      loudest_(kFloor) {}

void LiveTokenizer::push(std::span<const float> samples) {
  samples_.insert(samples_.end(), samples.begin(), samples.end());
  const auto held = std::int64_t(samples_.size());
  if (held < 2 * kHalfWindow) return;
  const std::int64_t frames = (held - 2 * kHalfWindow) / kHop + 1;
  const std::int64_t used = (frames - 1) * kHop + 2 * kHalfWindow;
  const at::Tensor fresh = mel_(at::from_blob(samples_.data(), {used}, at::kFloat));
  const at::Tensor logs = fresh.clamp_min(std::pow(10.0, kFloor)).log10();
  energies_ = at::cat({energies_, logs}, 1);
  samples_.erase(samples_.begin(), samples_.begin() + frames * kHop);
}

std::int64_t LiveTokenizer::heard() const {
  return first_ + energies_.size(1) / kHeardFramesPerToken;
}

// Not when it is pushed: how speech arrives must not show.
void LiveTokenizer::listen(const at::Tensor& energies) {
  loudest_ = std::max(loudest_, double(energies.max().item<float>()));
}

void LiveTokenizer::skip(std::int64_t begin) {
  const std::int64_t dropped = begin - kRunUp - 1 - first_;
  if (dropped <= 0) return;
  listen(energies_.slice(1, 0, dropped * kHeardFramesPerToken));
  energies_ = energies_.slice(1, dropped * kHeardFramesPerToken).contiguous();
  first_ += dropped;
}

at::Tensor LiveTokenizer::tokens(std::int64_t begin, std::int64_t end, std::int64_t ahead) {
  skip(begin);
  const std::int64_t from = std::max({cached_, begin - kRunUp, std::int64_t{0}});
  const std::int64_t lead = from > 0 ? 1 : 0;
  const at::Tensor window = energies_.slice(1, (from - lead - first_) * kHeardFramesPerToken,
                                            (end + ahead - first_) * kHeardFramesPerToken);
  listen(window);
  const at::Tensor mel = (window.clamp_min(loudest_ - kRange) + 4.0) / 4.0;
  cached_ = end;
  return tokenizer_.next_tokens(mel, lead, ahead, context_, cache_).slice(0, begin - from);
}

}  // namespace chatterbox
