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
  std::int64_t id;
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

std::vector<std::int64_t> BytePairEncoder::characters(std::string_view word) const {
  std::vector<std::int64_t> ids;
  bool after_unknown = false;
  for (std::size_t i = 0; i < word.size();) {
    const std::size_t length = utf8_length(static_cast<unsigned char>(word[i]));
    const auto found = vocabulary.find(std::string(word.substr(i, length)));
    i += length;
    const bool is_unknown = found == vocabulary.end();
    if (!is_unknown)
      ids.push_back(found->second);
    else if (unknown >= 0 && !(fuse_unknown && after_unknown))
      ids.push_back(unknown);
    after_unknown = is_unknown;
  }
  return ids;
}

void BytePairEncoder::encode(std::string_view word, std::vector<std::int64_t>& ids) const {
  std::vector<Symbol> symbols;
  for (const std::int64_t id : characters(word)) {
    const int i = int(symbols.size());
    symbols.push_back({id, i - 1, i + 1});
  }
  if (symbols.empty()) return;
  symbols.back().next = -1;

  std::priority_queue<Candidate> queue;
  const auto consider = [&](int left) {
    if (left < 0 || symbols[left].next < 0) return;
    if (const Merge* merge = find(symbols[left].id, symbols[symbols[left].next].id))
      queue.push({merge->rank, left, merge->merged});
  };
  for (int i = 0; i < int(symbols.size()); ++i) consider(i);

  while (!queue.empty()) {
    const Candidate candidate = queue.top();
    queue.pop();
    Symbol& left = symbols[candidate.position];
    if (left.id < 0 || left.next < 0) continue;
    // Either side may have been merged since the candidate was found.
    const Merge* merge = find(left.id, symbols[left.next].id);
    if (!merge || merge->merged != candidate.merged) continue;
    Symbol& right = symbols[left.next];
    left.id = candidate.merged;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) symbols[left.next].previous = candidate.position;
    consider(left.previous);
    consider(candidate.position);
  }
  for (const Symbol& symbol : symbols)
    if (symbol.id >= 0) ids.push_back(symbol.id);
}

}  // namespace chatterbox
