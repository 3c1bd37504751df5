// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>

namespace chatterbox::sidecar {

// Header that chatterbox-decode writes before its samples (32-bit float, mono).
struct DecodeHeader {
  std::uint32_t rate_hz = 0;
};

}  // namespace chatterbox::sidecar
