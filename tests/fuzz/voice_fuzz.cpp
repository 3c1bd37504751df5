// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "chatterbox/error.h"
#include "voice/voice_file.h"

// A voice of ours or a conds.pt: whatever is accepted can be written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatterbox::ModelConfig config;
  config.t3.speaker_embedding = 16;
  config.xvector.embedding = 12;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto voice = chatterbox::decode_voice(bytes, "fuzz", "0123456789abcdef", config);
    chatterbox::encode_voice(voice, "0123456789abcdef");
  } catch (const chatterbox::Error&) {
  }
  return 0;
}
