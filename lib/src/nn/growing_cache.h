// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace chatterbox {

// Keys or values of positions already seen, (..., T, dim), with room to grow, so
// that appending a chunk copies that chunk alone. Copies of a sealed cache
// share its memory until one of them appends.
class GrowingCache {
 public:
  std::int64_t length() const { return length_; }

  // Adds (..., n, dim) and returns everything so far, (..., T + n, dim).
  at::Tensor append(const at::Tensor& chunk) {
    const std::int64_t length = length_ + chunk.size(-2);
    if (!data_.defined() || length > data_.size(-2)) {
      std::vector<std::int64_t> shape = chunk.sizes().vec();
      shape[shape.size() - 2] = std::max(length + std::min(length / 2, kMostRoom), kSmallest);
      at::Tensor grown = at::empty(shape, chunk.options());
      if (length_ > 0) grown.narrow(-2, 0, length_).copy_(data_.narrow(-2, 0, length_));
      data_ = grown;
    }
    data_.narrow(-2, length_, chunk.size(-2)).copy_(chunk);
    length_ = length;
    return data_.narrow(-2, 0, length_);
  }

  // Forgets all but the first `first` and the last `last` positions.
  void keep(std::int64_t first, std::int64_t last) {
    if (length_ <= first + last) return;
    data_.narrow(-2, first, last).copy_(data_.narrow(-2, length_ - last, last).clone());
    length_ = first + last;
  }

  void drop_last(std::int64_t count) { length_ -= count; }

  // Gives up spare room: from here on the memory is never written again.
  void seal() {
    if (data_.defined()) data_ = data_.narrow(-2, 0, length_).contiguous();
  }

  std::int64_t bytes() const { return data_.defined() ? std::int64_t(data_.nbytes()) : 0; }

 private:
  // Positions; copying a few seconds of speech costs little beside making as many.
  static constexpr std::int64_t kSmallest = 64, kMostRoom = 128;
  at::Tensor data_;
  std::int64_t length_ = 0;
};

// Memory of one attention layer.
struct KeyValueCache {
  GrowingCache keys, values;

  void seal() {
    keys.seal();
    values.seal();
  }
  void drop_last(std::int64_t count) {
    keys.drop_last(count);
    values.drop_last(count);
  }
  void keep(std::int64_t first, std::int64_t last) {
    keys.keep(first, last);
    values.keep(first, last);
  }
  std::int64_t bytes() const { return keys.bytes() + values.bytes(); }
};

}  // namespace chatterbox
