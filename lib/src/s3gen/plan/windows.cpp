// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/windows.h"

#include <cstring>

#include "nn/large_pages.h"

namespace chatterbox {

void grow(at::Tensor& memory, std::int64_t bytes) {
  if (!memory.defined() || memory.size(0) < bytes)
    memory = empty_in_large_pages({bytes}, at::kByte);
}

void Windows::shape(const FlowKernels& kernels, int rows, int frames, std::int64_t channels) {
  channels_ = channels;
  operand_ = kernels.operand;
  frames_ = frames;
  grow(memory_, (std::int64_t(rows) * (frames + 2) + kernels.slack) * channels * operand_);
  data_ = static_cast<char*>(memory_.data_ptr());
}

void Windows::begin(int row, const char* context) const {
  const auto bytes = std::size_t(2 * channels_ * operand_);
  if (context)
    std::memcpy(at(row, 0), context, bytes);
  else
    std::memset(at(row, 0), 0, bytes);
}

void Windows::end(int row, char* context) const {
  std::memcpy(context, at(row, frames_), std::size_t(2 * channels_ * operand_));
}

}  // namespace chatterbox
