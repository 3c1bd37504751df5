// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "seeds.h"

#include <random>

namespace chatterbox {

std::uint64_t fresh_seed() {
  std::random_device device;
  return (std::uint64_t(device()) << 32) | device();
}

std::uint64_t piece_seed(std::uint64_t seed, std::size_t index) {
  std::uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (index + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace chatterbox
