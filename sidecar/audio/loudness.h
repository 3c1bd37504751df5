// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <span>

#include "operations/request.h"

namespace chatterbox::sidecar {

// In place: kPeak makes the largest magnitude 1; kRms makes the root of the mean
// square 0.1. Silence stays silent.
void normalize(std::span<float> samples, Normalization kind);

}  // namespace chatterbox::sidecar
