// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <vector>

#include "nn/kernels.h"
#include "t3/cache_view.h"

namespace chatterbox {

// Causal attention of one head's queries at neighbouring positions, a tile of queries at a time.
// Not to be shared by threads.
class BlockAttention {
 public:
  // `capacity`: most positions of a cache.
  BlockAttention(const Kernels& kernels, std::int64_t dim, std::int64_t capacity);

  // Layer, row, head and first position of the queries; keys and values are in the cache.
  struct Place {
    std::int64_t layer, row, head, first;
  };
  // q and out (count, dim), each `stride` numbers after the one before; q is scaled.
  void attend(const CacheView& cache, const Place& place, const float* q, std::int64_t count,
              std::int64_t stride, float* out);

 private:
  void transpose_keys(std::int64_t count);
  // Turns scores into weights for queries [query, query + count) of a tile; masked positions become
  // zero.
  void weigh(std::int64_t seen_by_first, std::int64_t count);

  const Kernels& kernels_;
  std::int64_t dim_, width_;    // of a head, and in whole tiles
  std::int64_t columns_;        // positions, in whole tiles
  std::vector<float> loaded_;   // (positions, dim), keys as they are kept
  std::vector<float> keys_;     // (dim, columns)
  std::vector<float> values_;   // (positions, width)
  std::vector<float> weights_;  // (tile, columns)
  std::vector<float> mixed_;    // (tile, width)
};

}  // namespace chatterbox
