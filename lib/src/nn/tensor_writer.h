// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

namespace chatterbox {

// A tensor of a file that is being written; `numbers` is called when the tensor is due.
struct TensorToWrite {
  std::string name;
  at::ScalarType type;
  std::vector<std::int64_t> shape;
  std::function<at::Tensor()> numbers;  // of that type and shape, on the processor
};

// Writes a safetensors file: the tensors in their order, the first of them at a multiple of 64
// bytes. It appears under its name when it is complete. Throws kInvalidArgument for a type that
// the format does not have, kBadFile where it cannot be written.
void write_tensors(const std::string& path, const std::vector<TensorToWrite>& tensors);

}  // namespace chatterbox
