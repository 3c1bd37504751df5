// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <span>

namespace chatterbox {

// Gated loudness of mono sound, LUFS (ITU-R BS.1770-4), with the filters and the roundings of
// pyloudnorm, by which upstream levels recordings. Minus infinity for silence; NaN for less than
// a block of 0.4 s.
double loudness_lufs(std::span<const float> samples, int rate_hz);

// Factor that makes samples as loud as `lufs`; 1 for sound that has no loudness.
float loudness_gain(std::span<const float> samples, int rate_hz, double lufs);

}  // namespace chatterbox
