// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <filesystem>
#include <utility>

#include "chatterbox/audio_file.h"
#include "chatterbox/engine.h"
#include "chatterbox/voice_library.h"

namespace chatterbox {

Voice load_voice(const std::string& path, Engine& engine, std::stop_token stop) {
  const std::string suffix = std::filesystem::path(path).extension().string();
  if (suffix == ".safetensors" || suffix == ".pt") return Voice::load(path, *engine.model());
  return engine.make_voice(read_audio_file(path), std::move(stop));
}

Voice VoiceLibrary::voice(const VoiceEntry& entry, Engine& engine, std::stop_token stop) const {
  return load_voice(entry.path, engine, std::move(stop));
}

}  // namespace chatterbox
