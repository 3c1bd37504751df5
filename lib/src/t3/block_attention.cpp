// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/block_attention.h"

#include <algorithm>

namespace chatterbox {
namespace {

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

BlockAttention::BlockAttention(const Kernels& kernels, std::int64_t dim, std::int64_t capacity)
    : kernels_(kernels),
      dim_(dim),
      width_(round_up(dim, kernels.tile_columns)),
      columns_(round_up(capacity, kernels.tile_columns)) {}

void BlockAttention::transpose_keys(std::int64_t count) {
  // Lines of both sides stay in the cache for a square.
  constexpr std::int64_t kSquare = 16;
  for (std::int64_t first = 0; first < count; first += kSquare)
    for (std::int64_t c = 0; c < dim_; ++c)
      for (std::int64_t i = first; i < std::min(first + kSquare, count); ++i)
        keys_[std::size_t(c * columns_ + i)] = loaded_[std::size_t(i * dim_ + c)];
}

void BlockAttention::weigh(std::int64_t seen_by_first, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    float* row = weights_.data() + i * columns_;
    kernels_.softmax(row, seen_by_first + i);
    std::fill(row + seen_by_first + i, row + seen_by_first + count, 0.0f);
  }
}

void BlockAttention::attend(const CacheView& cache, const Place& place, const float* q,
                            std::int64_t count, std::int64_t stride, float* out) {
  const std::int64_t filled = place.first + count, tile = kernels_.tile_rows;
  loaded_.resize(std::size_t(filled * dim_));
  keys_.resize(std::size_t(dim_ * columns_));
  values_.resize(std::size_t(filled * width_));
  weights_.resize(std::size_t(tile * columns_));
  mixed_.resize(std::size_t(tile * width_));
  const auto load = [&](CacheView::Kind kind) {
    cache.get(kind, place.layer, place.row, place.head, filled, loaded_.data());
  };
  load(CacheView::Kind::kKeys);
  transpose_keys(filled);
  load(CacheView::Kind::kValues);
  for (std::int64_t i = 0; i < filled; ++i)
    std::copy_n(loaded_.data() + i * dim_, dim_, values_.data() + i * width_);

  for (std::int64_t query = 0; query < count; query += tile) {
    const std::int64_t some = std::min(tile, count - query);
    const std::int64_t seen = place.first + query + some;  // by the last of them
    const Kernels::Tile multiply = kernels_.tiles[some - 1];
    for (std::int64_t column = 0; column < seen; column += kernels_.tile_columns)
      multiply(q + query * stride, stride, keys_.data() + column, columns_, dim_,
               weights_.data() + column, columns_);
    weigh(seen - some + 1, some);
    for (std::int64_t column = 0; column < width_; column += kernels_.tile_columns)
      multiply(weights_.data(), columns_, values_.data() + column, width_, seen,
               mixed_.data() + column, width_);
    for (std::int64_t i = 0; i < some; ++i)
      std::copy_n(mixed_.data() + i * width_, dim_, out + (query + i) * stride);
  }
}

}  // namespace chatterbox
