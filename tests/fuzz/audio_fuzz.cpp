// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "chatterbox/audio_file.h"
#include "chatterbox/error.h"

// A recording that a stranger uploads: finite samples within the limit, or an Error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxFrames = 100000;
  try {
    const auto audio =
        chatterbox::decode_audio({reinterpret_cast<const char*>(data), size}, "fuzz", kMaxFrames);
    if (audio.samples.empty() || audio.samples.size() > kMaxFrames) std::abort();
    for (const float sample : audio.samples)
      if (!std::isfinite(sample)) std::abort();
  } catch (const chatterbox::Error&) {
  }
  return 0;
}
