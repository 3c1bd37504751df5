// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

#include "nn/weights.h"

namespace chatterbox {

// Result of quantising a file.
struct QuantizedSize {
  int matrices = 0;  // now in rows of int8
  std::uint64_t bytes_before = 0, bytes_after = 0;
};

// Copies T3's file with the matrices that every token reads as rows of int8
// (docs/design/model-files.md), which loading maps without conversion. Throws kInvalidArgument for
// a file that has rows of int8 or no such matrices.
QuantizedSize quantize_t3(const TensorFile& file, const std::string& path);

}  // namespace chatterbox
