// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "chatterbox/error.h"
#include "library/voice_index.h"
#include "library/voice_name.h"

// index.json of a directory of voices: every voice that is accepted stays in its directory,
// and can be written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto voices = chatterbox::parse_voice_index(bytes, "fuzz");
    for (const auto& voice : voices) {
      if (!chatterbox::is_plain_file_name(voice.path)) std::abort();
      chatterbox::near_names(voice.name, {voice.name, "Amy"});
    }
    const auto again =
        chatterbox::parse_voice_index(chatterbox::encode_voice_index(voices), "fuzz");
    if (again.size() != voices.size()) std::abort();
  } catch (const chatterbox::Error&) {
  }
  return 0;
}
