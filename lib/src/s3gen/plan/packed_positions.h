// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "s3gen/plan/flow_kernels.h"

namespace chatterbox {

// Keys and values of neighbouring positions of one attention layer as its kernels read them, for
// all rows and heads, with room to grow. Keys are panels of positions; values are panels of
// channels, all positions in each.
class PackedPositions {
 public:
  PackedPositions() = default;
  // `heads` of all rows.
  PackedPositions(const FlowKernels& kernels, int heads, int dim);

  // None yet, but they follow these: bytes are rounded as these are.
  PackedPositions following() const;

  std::int64_t heads() const { return heads_; }
  std::int64_t length() const { return length_; }
  // Makes room for `count` more positions and counts them as there; FlowKernels'
  // `remember` fills them. Returns where they begin.
  std::int64_t extend(std::int64_t count);
  HeadView head(std::int64_t index);
  // To be read alone.
  HeadView head(std::int64_t index) const;

  // Forgets everything, and keeps the room.
  void clear() { length_ = 0; }
  // Forgets all but the first `first` and the last `last` positions.
  void keep(std::int64_t first, std::int64_t last);
  // Gives up spare room.
  void shrink();
  // Bytes that were written: room takes no memory before.
  std::int64_t bytes() const;

 private:
  void resize(std::int64_t capacity);
  // `count` positions to an earlier place.
  void move_keys(const HeadView& view, std::int64_t from, std::int64_t to, std::int64_t count);
  void move_values(const HeadView& view, std::int64_t from, std::int64_t to, std::int64_t count);

  std::int64_t columns_ = 1, group_ = 1, heads_ = 0, words_ = 0, panels_ = 0;
  std::int64_t capacity_ = 0, length_ = 0;
  std::int64_t written_ = 0;  // most positions that there were at this capacity
  bool follows_ = false;
  // Words of 32 bits: keys (heads, capacity / columns, words, columns), values
  // (heads, panels, capacity / group, columns).
  at::Tensor keys_, values_;
  std::vector<float> longest_;  // key of each head
  // Bytes alone: scale and start of each position's key, (heads, 2, capacity); and
  // what HeadView has of each channel, (heads, 2, dim).
  at::Tensor key_terms_;
  std::vector<float> channels_;
};

}  // namespace chatterbox
