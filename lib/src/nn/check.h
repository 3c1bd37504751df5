// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <sstream>

#include "chatterbox/error.h"

namespace chatterbox {

// Any size fits.
inline constexpr std::int64_t kAny = -1;

// Throws kModelFailure unless `tensor` has exactly this shape.
inline void check_shape(const char* what, const at::Tensor& tensor, at::IntArrayRef expected) {
  bool ok = tensor.dim() == std::int64_t(expected.size());
  for (std::size_t i = 0; ok && i < expected.size(); ++i)
    ok = expected[i] == kAny || tensor.size(std::int64_t(i)) == expected[i];
  if (ok) return;
  std::ostringstream message;
  message << what << ": expected shape " << expected << " (-1: any), got " << tensor.sizes();
  throw Error(ErrorCode::kModelFailure, message.str());
}

}  // namespace chatterbox
