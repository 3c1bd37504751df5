// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <cstring>

namespace chatterbox {

// Stored bits of the two 16-bit types.
struct BFloat {
  std::uint16_t bits;
};
struct Half {
  std::uint16_t bits;
};

// IEEE half to single, subnormals, infinities and NaN included.
inline float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t(half & 0x8000) << 16;
  const std::uint32_t rest = half & 0x7fff;
  float value;
  if (rest < 0x0400) {  // zero or subnormal: units of 2^-24
    value = float(rest) * 0x1p-24f;
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits |= sign;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  const std::uint32_t exponent =
      rest >= 0x7c00 ? 0x7f800000u | (rest & 0x3ff) << 13 : (rest << 13) + (112u << 23);
  const std::uint32_t bits = sign | exponent;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace chatterbox
