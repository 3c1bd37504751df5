// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstddef>
#include <cstdint>
#include <string>

#include "chatterbox/error.h"
#include "config.h"

// config.json of a model that a stranger made: read, or refused with an Error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    chatterbox::parse_config(std::string(reinterpret_cast<const char*>(data), size), "fuzz");
  } catch (const chatterbox::Error&) {
  }
  return 0;
}
