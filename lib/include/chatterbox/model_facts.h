// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace chatterbox {

// Facts about the model in a directory, as Model gives them of a loaded one.
struct ModelFacts {
  std::string name;
  std::string family;                  // "english", "turbo", "nano" or "multilingual"
  std::vector<std::string> languages;  // codes, in order
  std::vector<std::string> tags;       // "[laugh]"; empty for a model that was taught none
  double min_reference_seconds = 0;
  std::int64_t weight_bytes = 0;  // of the files of its weights
};

// Reads them from the small files of directory `path`, without weights: milliseconds. `family`: as
// ModelOptions::family. Any thread. Throws kNotFound, kBadFile, kInvalidArgument.
ModelFacts read_model_facts(const std::string& path, const std::string& family = {});

}  // namespace chatterbox
#pragma GCC visibility pop
