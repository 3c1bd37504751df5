// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "s3gen/plan/packed_memory.h"

namespace chatterbox {

// State that one evaluation of a plan leaves behind for the frames after it.
struct PlanCache {
  std::vector<PackedMemory> memories;  // of each attention layer
  // The two frames before the next, of each convolution: (convolutions, rows, 2,
  // widest) operands. Copies of a cache share it, so it is never written, but
  // replaced.
  at::Tensor contexts;

  void seal() {
    for (PackedMemory& memory : memories) memory.seal();
  }
  void keep(std::int64_t first, std::int64_t last) {
    for (PackedMemory& memory : memories) memory.keep(first, last);
  }
  std::int64_t bytes() const {
    std::int64_t sum = contexts.defined() ? std::int64_t(contexts.nbytes()) : 0;
    for (const PackedMemory& memory : memories) sum += memory.bytes();
    return sum;
  }
};

}  // namespace chatterbox
