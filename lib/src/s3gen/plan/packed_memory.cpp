// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/packed_memory.h"

#include <algorithm>
#include <utility>

namespace chatterbox {

HeadMemory PackedMemory::head(std::int64_t index) const {
  HeadMemory memory{};
  for (const PackedPositions* part : {sealed_.get(), &own_}) {
    if (!part || part->length() == 0) continue;
    memory.parts[memory.count] = part->head(index);
    memory.lengths[memory.count++] = int(part->length());
  }
  return memory;
}

void PackedMemory::keep(std::int64_t first, std::int64_t last) {
  own_.keep(std::max<std::int64_t>(0, first - sealed_length()), last);
}

void PackedMemory::seal() {
  own_.shrink();
  PackedPositions next = own_.following();
  sealed_ = std::make_shared<const PackedPositions>(std::exchange(own_, std::move(next)));
}

}  // namespace chatterbox
