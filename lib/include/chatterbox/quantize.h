// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>

#pragma GCC visibility push(default)
namespace chatterbox {

// Result of quantising a model's T3.
struct QuantizedModel {
  std::string file;  // name of its file
  int matrices = 0;  // that are now in rows of int8
  std::int64_t bytes_before = 0, bytes_after = 0;
};

// Writes the model of directory `path` to the new directory `directory`, T3's matrices in rows of
// int8: loading it with the dtype "int8" maps them as they are, and processes share their pages.
// The other files become hard links, or copies where that cannot be. `family`: as
// ModelOptions::family. Any thread. Throws kNotFound, kBadFile, kInvalidArgument; nothing is left
// then.
QuantizedModel quantize_model(const std::string& path, const std::string& directory,
                              const std::string& family = {});

}  // namespace chatterbox
#pragma GCC visibility pop
