// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "nn/layers.h"
#include "nn/packed_layer.h"

namespace chatterbox {

// Convolutions on time-major data, as products over windows of neighbouring rows,
// so that nothing is transposed between them and residual blocks.
class RowConvolution {
 public:
  // Rows have `in` channels, of which the convolution sees the first. Not dilated. `products` and
  // `when` are as PackedLayer has them.
  RowConvolution(const Conv1d& conv, std::int64_t in, at::ScalarType products = at::kFloat,
                 PackWhen when = PackWhen::kMade);
  // x (T, in) -> (T', out)
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  struct Packed;

  std::int64_t outputs_, kernel_, stride_, padding_;
  std::shared_ptr<Packed> packed_;
};

// Transposed convolution that makes `stride` rows of one. Each sees its source row and the two
// beside it; missing taps are zero.
class RowUpsampling {
 public:
  explicit RowUpsampling(const ConvTranspose1d& conv);
  // x (T, in) -> (stride T, out)
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::int64_t outputs_;
  PackedLayer layer_;
};

}  // namespace chatterbox
