// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "t3/decoder.h"
#include "t3/sampler.h"

namespace chatterbox {

// Logits for one speech token after the other, computed for several at once (speculative decoding,
// https://arxiv.org/abs/2211.17192). The draft guesses the coming tokens with the numbers that will
// be drawn; the model then takes all of them in one step, which reads its weights once. A guess
// counts only if it is the token that the model's own logits and the same draw give: guesses change
// the time that tokens take, and never the tokens.
class Lookahead {
 public:
  // Input of the model for a token at its place in the speech: `hidden` floats.
  using Embed = std::function<void(std::int64_t token, std::int64_t place, float* out)>;
  // Token by logits (rows, vocabulary), which it may change.
  using Choose = std::function<std::int64_t(float* logits, Sampler& sampler)>;

  struct Sizes {
    std::int64_t hidden, logits;  // of an embedding; of a position, rows included
    std::int64_t origin;          // position of place 0
    std::int64_t most;            // places
    std::int64_t stop_token;
  };
  Lookahead(DraftingDecoder& decoder, const Sizes& sizes, Embed embed, Choose choose);

  // Logits (rows, vocabulary) behind `token` at `place`. `sampler`: the state in which they are
  // drawn from. Valid until the next call.
  float* step(std::int64_t token, std::int64_t place, const Sampler& sampler);

 private:
  void guess(std::int64_t token, std::int64_t place, const Sampler& sampler);
  // Chooses how far to look ahead next, by how many of the last guesses were right.
  void adapt();

  DraftingDecoder& decoder_;
  const Sizes sizes_;
  const Embed embed_;
  const Choose choose_;
  const int most_;  // guesses of a step

  std::vector<std::int64_t> tokens_;  // of the model's last step: one that was drawn, then guesses
  std::size_t right_ = 0;             // tokens_ that were drawn
  float* logits_ = nullptr;           // of all of them
  std::vector<float> embeddings_;
  int ahead_;     // guesses of the next step
  int rest_ = 0;  // steps without guesses, after bad ones
};

}  // namespace chatterbox
