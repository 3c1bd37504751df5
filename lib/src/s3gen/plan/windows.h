// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "s3gen/plan/flow_kernels.h"

namespace chatterbox {

// Makes `memory` as large as this, at least; what it held is lost when it grows.
void grow(at::Tensor& memory, std::int64_t bytes);

// Time-major operands of all rows, each behind the two frames before its first.
class Windows {
 public:
  void shape(const FlowKernels& kernels, int rows, int frames, std::int64_t channels);
  // The window of frame t: frames t - 2 to t.
  char* window(int row, int t) const { return at(row, t); }
  // Frame t itself.
  char* frame(int row, int t) const { return at(row, t + 2); }
  std::int64_t channels() const { return channels_; }

  // Puts the two frames before the first in place; null: zeros.
  void begin(int row, const char* context) const;
  // The two frames before those that follow the last.
  void end(int row, char* context) const;

 private:
  char* at(int row, int index) const {
    return data_ + (std::int64_t(row) * (frames_ + 2) + index) * channels_ * operand_;
  }

  at::Tensor memory_;
  char* data_ = nullptr;
  std::int64_t channels_ = 0, operand_ = 0;
  int frames_ = 0;
};

}  // namespace chatterbox
