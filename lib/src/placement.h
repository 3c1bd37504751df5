// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>

#include "chatterbox/options.h"
#include "nn/weights.h"

namespace chatterbox {

// Below this, weights stay in or near the caches: bfloat16 gains nothing worth
// its rounding, and threads gain little.
inline constexpr std::uint64_t kLargeModelBytes = 200u << 20;

// Where and in which type a model of `weight_bytes` computes, from what the
// caller asked for and what this machine has. Throws kInvalidArgument for a
// name it does not know, kNotFound for a device that is not there.
Placement choose_placement(const ModelOptions& options, std::uint64_t weight_bytes);

// Number of engines on one model of so many threads that work at once: as many as fill the cores,
// and one on another device, which they would have to share.
int places_for(const Placement& placement, int threads);

// "cpu", "cuda:0"; "float32", "bfloat16", "float16", "int8".
std::string device_name(at::Device device);
std::string dtype_name(const Placement& placement);

}  // namespace chatterbox
