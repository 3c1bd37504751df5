// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/bpe.h"

#include <queue>
#include <tuple>

namespace chatterbox {
namespace {

std::uint64_t pair_key(std::int64_t left, std::int64_t right) {
  return std::uint64_t(left) << 32 | std::uint64_t(right);
}

std::size_t utf8_length(unsigned char first) {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

// One token of the word while pairs are merged; neighbours are linked so that
// a merge costs the same anywhere.
struct Symbol {
  PlacedToken token;
  int previous, next;  // -1: none
};

struct Candidate {
  std::uint32_t rank;
  int position;
  std::int64_t merged;
  // Lowest rank first, then leftmost.
  bool operator<(const Candidate& other) const {
    return std::tie(rank, position) > std::tie(other.rank, other.position);
  }
};

}  // namespace

void BytePairEncoder::add_merge(std::int64_t left, std::int64_t right, Merge merge) {
  merges_[pair_key(left, right)] = merge;
}

const BytePairEncoder::Merge* BytePairEncoder::find(std::int64_t left, std::int64_t right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

std::string BytePairEncoder::add_merge(const std::string& left, const std::string& right,
                                       std::uint32_t rank) {
  std::int64_t ids[3] = {};
  const std::string tokens[3] = {left, right, left + right};
  for (int i = 0; i < 3; ++i) {
    const auto found = vocabulary.find(tokens[i]);
    if (found == vocabulary.end()) return tokens[i];
    ids[i] = found->second;
  }
  add_merge(ids[0], ids[1], {rank, ids[2]});
  return {};
}

std::vector<PlacedToken> BytePairEncoder::characters(std::string_view word) const {
  std::vector<PlacedToken> tokens;
  bool after_unknown = false;
  for (std::size_t i = 0; i < word.size();) {
    const std::size_t length = utf8_length(static_cast<unsigned char>(word[i]));
    const auto found = vocabulary.find(std::string(word.substr(i, length)));
    const bool is_unknown = found == vocabulary.end();
    if (!is_unknown)
      tokens.push_back({found->second, i});
    else if (unknown >= 0 && !(fuse_unknown && after_unknown))
      tokens.push_back({unknown, i});
    after_unknown = is_unknown;
    i += length;
  }
  return tokens;
}

void BytePairEncoder::encode(std::string_view word, std::size_t begin,
                             std::vector<PlacedToken>& tokens) const {
  std::vector<Symbol> symbols;
  for (const PlacedToken& token : characters(word)) {
    const int i = int(symbols.size());
    symbols.push_back({token, i - 1, i + 1});
  }
  if (symbols.empty()) return;
  symbols.back().next = -1;

  std::priority_queue<Candidate> queue;
  const auto consider = [&](int left) {
    if (left < 0 || symbols[left].next < 0) return;
    if (const Merge* merge = find(symbols[left].token.id, symbols[symbols[left].next].token.id))
      queue.push({merge->rank, left, merge->merged});
  };
  for (int i = 0; i < int(symbols.size()); ++i) consider(i);

  while (!queue.empty()) {
    const Candidate candidate = queue.top();
    queue.pop();
    Symbol& left = symbols[candidate.position];
    if (left.token.id < 0 || left.next < 0) continue;
    // Either side may have been merged since the candidate was found.
    const Merge* merge = find(left.token.id, symbols[left.next].token.id);
    if (!merge || merge->merged != candidate.merged) continue;
    Symbol& right = symbols[left.next];
    left.token.id = candidate.merged;
    left.next = right.next;
    right.token.id = -1;
    if (left.next >= 0) symbols[left.next].previous = candidate.position;
    consider(left.previous);
    consider(candidate.position);
  }
  for (const Symbol& symbol : symbols)
    if (symbol.token.id >= 0) tokens.push_back({symbol.token.id, begin + symbol.token.begin});
}

}  // namespace chatterbox
