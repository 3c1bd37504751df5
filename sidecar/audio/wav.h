// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace chatterbox::sidecar {

// Samples of 16 bits (to_16_bits()), little-endian.
void append_pcm16(std::string& out, std::span<const float> samples);

// The 44 bytes before `samples` mono 16-bit samples. A negative count: unknown,
// written as the largest size, which players read as "until the end".
std::string wav_header(int rate_hz, std::int64_t samples);

// A whole WAV file.
std::string wav_file(std::span<const float> samples, int rate_hz);

}  // namespace chatterbox::sidecar
