// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/attention.h"
#include "nn/kernels.h"

namespace chatterbox {

// Keys and values of a KvCache on the processor, in float32 or bfloat16, as kernels take them.
class CacheView {
 public:
  enum class Kind { kKeys, kValues };

  explicit CacheView(const KvCache& cache)
      : data_{static_cast<char*>(cache.k.data_ptr()), static_cast<char*>(cache.v.data_ptr())},
        rows_(cache.k.size(1)),
        heads_(cache.k.size(2)),
        capacity_(cache.capacity),
        dim_(cache.k.size(4)),
        type_(cache.k.scalar_type() == at::kBFloat16 ? Storage::kBFloat16 : Storage::kFloat) {}

  Storage type() const { return type_; }

  // dim numbers of type(); those of the next positions follow.
  void* at(Kind kind, std::int64_t layer, std::int64_t row, std::int64_t head,
           std::int64_t position) const {
    const std::int64_t line = (layer * rows_ + row) * heads_ + head;
    const std::int64_t bytes = type_ == Storage::kBFloat16 ? 2 : 4;
    return data_[int(kind)] + (line * capacity_ + position) * dim_ * bytes;
  }

  // Writes the dim numbers of one position.
  void put(Kind kind, std::int64_t layer, std::int64_t row, std::int64_t head,
           std::int64_t position, const float* x) const {
    void* to = at(kind, layer, row, head, position);
    if (type_ == Storage::kBFloat16)
      std::copy_n(x, dim_, static_cast<at::BFloat16*>(to));
    else
      std::copy_n(x, dim_, static_cast<float*>(to));
  }

  // Reads those of `count` positions from the first on.
  void get(Kind kind, std::int64_t layer, std::int64_t row, std::int64_t head, std::int64_t count,
           float* x) const {
    const void* from = at(kind, layer, row, head, 0);
    if (type_ == Storage::kBFloat16)
      std::copy_n(static_cast<const at::BFloat16*>(from), count * dim_, x);
    else
      std::copy_n(static_cast<const float*>(from), count * dim_, x);
  }

 private:
  char* data_[2];
  std::int64_t rows_, heads_, capacity_, dim_;
  Storage type_;
};

}  // namespace chatterbox
