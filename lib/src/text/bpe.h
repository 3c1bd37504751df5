// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace chatterbox {

// A token and the byte of the text at which what it stands for begins.
struct PlacedToken {
  std::int64_t id = 0;
  std::size_t begin = 0;
};

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
  // The same by what the tokens are. Returns what is not in the vocabulary, if anything.
  std::string add_merge(const std::string& left, const std::string& right, std::uint32_t rank);
  // Appends the tokens of `word` (UTF-8), which begins at `begin` of the text.
  void encode(std::string_view word, std::size_t begin, std::vector<PlacedToken>& tokens) const;

 private:
  const Merge* find(std::int64_t left, std::int64_t right) const;
  std::vector<PlacedToken> characters(std::string_view word) const;

  std::unordered_map<std::uint64_t, Merge> merges_;  // by both ids
};

}  // namespace chatterbox
