// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <cstdint>

namespace chatterbox {

// A random seed, for callers that choose none.
std::uint64_t fresh_seed();

// The seed of piece `index` (splitmix64): neighbours have nothing in common.
std::uint64_t piece_seed(std::uint64_t seed, std::size_t index);

}  // namespace chatterbox
