// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Positions of a head's memory that queries see; for files that are compiled for one instruction
// set.
#pragma once

#include "nn/simd/functions.h"
#include "s3gen/plan/flow_kernels.h"

namespace chatterbox {
namespace {

// Positions of one part of a memory that each of a few queries sees.
class Seen {
 public:
  // Each the first visible[i] positions of all parts together.
  Seen(const std::int32_t* visible, int count) : visible_(visible), count_(count) {}

  // work(part), one part after the other.
  template <typename Work>
  void each_part(const HeadMemory& memory, const Work& work) {
    before_ = 0;
    for (int part = 0; part < memory.count; ++part) {
      length_ = memory.lengths[part];
      any_ = 0;
      all_ = length_;
      for (int row = 0; row < count_; ++row) {
        any_ = larger(any_, inside(visible_[row]));
        all_ = smaller(all_, inside(visible_[row]));
      }
      if (any_ > 0) work(memory.parts[part]);
      before_ += length_;
    }
  }

  // Positions of the part at hand. Rows behind the last query see as much as any.
  int by(int row) const { return row < count_ ? inside(visible_[row]) : any_; }
  int by_any() const { return any_; }
  int by_all() const { return all_; }

 private:
  int inside(int visible) const { return smaller(larger(visible - before_, 0), length_); }

  const std::int32_t* visible_;
  int count_, before_ = 0, length_ = 0, any_ = 0, all_ = 0;
};

}  // namespace
}  // namespace chatterbox
