// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <memory>

#include "s3gen/plan/packed_positions.h"

namespace chatterbox {

// Memory of one attention layer: the positions of a voice's prompt, sealed, which all utterances of
// the voice read where they are, and an utterance's own, which follow them.
class PackedMemory {
 public:
  PackedMemory() = default;
  // `heads` of all rows.
  PackedMemory(const FlowKernels& kernels, int heads, int dim) : own_(kernels, heads, dim) {}

  std::int64_t heads() const { return own_.heads(); }
  std::int64_t length() const { return sealed_length() + own_.length(); }
  // Makes room for `count` more positions; see PackedPositions, which they are among.
  std::int64_t extend(std::int64_t count) { return own_.extend(count); }
  PackedPositions& own() { return own_; }
  // Everything that a head has seen, for FlowKernels' `attend`.
  HeadMemory head(std::int64_t index) const;

  // Forgets everything that is not sealed, and keeps the room.
  void clear() { own_.clear(); }
  // Forgets all but the first `first` positions and the last `last`; none that are sealed.
  void keep(std::int64_t first, std::int64_t last);
  // From here on what is remembered is never written again, and copies share it. Once.
  void seal();
  // Shared positions included.
  std::int64_t bytes() const { return (sealed_ ? sealed_->bytes() : 0) + own_.bytes(); }

 private:
  std::int64_t sealed_length() const { return sealed_ ? sealed_->length() : 0; }

  std::shared_ptr<const PackedPositions> sealed_;
  PackedPositions own_;
};

}  // namespace chatterbox
