// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/weight_matrix.h"

#include <algorithm>

namespace chatterbox {
namespace {

// Bytes of a member's piece: long enough to stream from memory at full speed, short enough to share
// out a small layer evenly.
constexpr std::int64_t kPieceBytes = 256 * 1024;

Storage storage_of(const at::Tensor& weight) {
  switch (weight.scalar_type()) {
    case at::kBFloat16:
      return Storage::kBFloat16;
    case at::kHalf:
      return Storage::kHalf;
    case at::kChar:
      return Storage::kInt8;
    default:
      return Storage::kFloat;
  }
}

}  // namespace

WeightMatrix::WeightMatrix(const Linear& linear)
    : data_(static_cast<const char*>(linear.weight.data_ptr())),
      bias_(linear.bias.defined() ? linear.bias.data_ptr<float>() : nullptr),
      rows_(linear.weight.size(0)),
      cols_(linear.weight.size(1)),
      bytes_(std::int64_t(linear.weight.element_size())),
      storage_(storage_of(linear.weight)) {
  if (storage_ != Storage::kInt8) return;
  int8_ = {linear.weight.data_ptr<std::int8_t>(), linear.scale.data_ptr<float>(),
           linear.row_sums.data_ptr<std::int32_t>(), cols_};
}

void WeightMatrix::cut(int members) {
  const std::int64_t fair = rows_ / (std::max(members, 1) * 8);
  const std::int64_t long_enough = kPieceBytes / (cols_ * bytes_);
  piece_ = std::clamp<std::int64_t>(std::min(fair, long_enough) / 4 * 4, 4, kMaxPieceRows);
}

std::int64_t WeightMatrix::count(std::int64_t n) const {
  return std::min(piece_, rows_ - n * piece_);
}

void WeightMatrix::multiply(const Kernels& kernels, std::int64_t first, std::int64_t count,
                            const float* x, const Digits* digits, int batch, float* y,
                            std::int64_t y_stride) const {
  if (takes_digits())
    multiply_rows(best_int8_isa(), int8_, first, count, digits, batch, y, y_stride);
  else
    kernels.dot_rows[int(storage_)](data_ + first * cols_ * bytes_, count, cols_, x, cols_, batch,
                                    y, y_stride);
  if (!bias_) return;
  for (int b = 0; b < batch; ++b)
    for (std::int64_t i = 0; i < count; ++i) y[b * y_stride + i] += bias_[first + i];
}

}  // namespace chatterbox
