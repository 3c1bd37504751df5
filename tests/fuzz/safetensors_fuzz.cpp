// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstddef>
#include <cstdint>

#include "chatterbox/error.h"
#include "nn/weights.h"

// A weight file: every tensor that its header promises must be readable.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = chatterbox::TensorFile::from_memory(data, size, "fuzz");
    for (const std::string& name : file->names()) {
      const at::Tensor tensor = file->tensor(name);
      if (tensor.numel() > 0 && tensor.nbytes() <= size) tensor.to(at::kFloat).sum();
      file->release(name);
    }
  } catch (const chatterbox::Error&) {
  }
  return 0;
}
