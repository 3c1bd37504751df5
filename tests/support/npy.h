// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <string>

namespace chatterbox::test {

// NumPy's array file, format 1 to 3, little endian and row by row: float16,
// float32, float64, int32 and int64. Throws chatterbox::Error kNotFound or
// kBadFile.
at::Tensor read_npy(const std::string& path);

// Writes float32 or int64; other types are converted to the nearer of the two.
void write_npy(const std::string& path, const at::Tensor& tensor);

}  // namespace chatterbox::test
