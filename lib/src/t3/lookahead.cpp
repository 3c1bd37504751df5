// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/lookahead.h"

#include <algorithm>
#include <utility>

namespace chatterbox {
namespace {

constexpr int kMostGuesses = 4;
// Steps without guesses after a single guess that was wrong.
constexpr int kRest = 8;

}  // namespace

Lookahead::Lookahead(DraftingDecoder& decoder, const Sizes& sizes, Embed embed, Choose choose)
    : decoder_(decoder),
      sizes_(sizes),
      embed_(std::move(embed)),
      choose_(std::move(choose)),
      most_(std::min(kMostGuesses, decoder.max_steps() - 1)),
      embeddings_(std::size_t((most_ + 1) * sizes.hidden)),
      ahead_(most_) {}

float* Lookahead::step(std::int64_t token, std::int64_t place, const Sampler& sampler) {
  if (right_ < tokens_.size() && tokens_[right_] == token)
    return logits_ + std::int64_t(right_++) * sizes_.logits;
  adapt();
  guess(token, place, sampler);
  decoder_.rewind(sizes_.origin + place);
  logits_ = decoder_.steps(embeddings_.data(), int(tokens_.size()));
  right_ = 1;
  return logits_;
}

void Lookahead::guess(std::int64_t token, std::int64_t place, const Sampler& sampler) {
  const std::int64_t most = std::min<std::int64_t>(ahead_, sizes_.most - 1 - place);
  tokens_.assign(1, token);
  embed_(token, place, embeddings_.data());
  if (most < 1) return;
  Sampler foreseen = sampler;
  decoder_.rewind(sizes_.origin + place);
  float* embedding = embeddings_.data();
  for (std::int64_t i = 1; i <= most; ++i) {
    const std::int64_t next = choose_(decoder_.draft(embedding), foreseen);
    if (next == sizes_.stop_token) break;
    foreseen.remember(next);
    tokens_.push_back(next);
    embedding += sizes_.hidden;
    embed_(next, place + i, embedding);
  }
}

void Lookahead::adapt() {
  if (rest_ > 0) {
    if (--rest_ == 0) ahead_ = 1;
    return;
  }
  const int guesses = int(tokens_.size()) - 1;
  if (guesses < 1) return;
  const int good = int(right_) - 1;
  ahead_ = good == guesses ? std::min(ahead_ + 1, most_) : good;
  if (ahead_ == 0) rest_ = kRest;
}

}  // namespace chatterbox
