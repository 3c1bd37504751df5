// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>

#include "chatterbox/audio.h"

// Sizes of the mel spectrogram between s3gen, which makes it, and HiFT, which makes it sound.
namespace chatterbox {

inline constexpr std::int64_t kMelBands = 80;
// Frames per speech token.
inline constexpr std::int64_t kFramesPerToken = 2;
// Samples per frame, at kOutputRateHz.
inline constexpr std::int64_t kSamplesPerFrame = kSamplesPerToken / kFramesPerToken;

}  // namespace chatterbox
