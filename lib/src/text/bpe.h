// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizer.h"

namespace chatterbox {

// Upstream's EnTokenizer: a `tokenizers` file with added tokens, the Whitespace
// pre-tokenizer and a BPE model; spaces become the token [SPACE].
std::unique_ptr<TextTokenizer> make_bpe_tokenizer(const std::string& json,
                                                  const std::string& origin);

// Byte pair encoding of one word: characters are merged pair by pair, the pair
// learnt first going first (Sennrich et al., https://arxiv.org/abs/1508.07909).
class BytePairEncoder {
 public:
  struct Merge {
    std::uint32_t rank;
    std::int64_t merged;
  };

  // -1: characters outside the vocabulary are dropped.
  std::int64_t unknown = -1;
  // A run of unknown characters is one token instead of one each.
  bool fuse_unknown = false;
  std::unordered_map<std::string, std::int64_t> vocabulary;

  // Later rules have higher ranks; a repeated pair takes the later rank.
  void add_merge(std::int64_t left, std::int64_t right, Merge merge);
  // Appends the tokens of `word` (UTF-8).
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const;

 private:
  const Merge* find(std::int64_t left, std::int64_t right) const;
  std::vector<std::int64_t> characters(std::string_view word) const;

  std::unordered_map<std::uint64_t, Merge> merges_;  // by both ids
};

}  // namespace chatterbox
