// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <span>
#include <vector>

#pragma GCC visibility push(default)
namespace chatterbox {

// Slowest and fastest that stretch_time() takes.
inline constexpr double kMinSpeed = 0.25, kMaxSpeed = 4.0;

// Speech at another speed and the same pitch: 2 halves its length. Takes mono samples of any rate;
// the result has round(samples / speed) samples, and the sound of sample n stands at n / speed,
// give or take 10 ms. A speed of 1 gives the samples back. Throws kInvalidArgument outside of
// [kMinSpeed, kMaxSpeed]. Any thread.
std::vector<float> stretch_time(std::span<const float> samples, int rate_hz, double speed);

}  // namespace chatterbox
#pragma GCC visibility pop
