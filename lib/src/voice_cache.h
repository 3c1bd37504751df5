// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chatterbox/audio.h"
#include "conditionals.h"
#include "config.h"

namespace chatterbox {

// Conditionals of recordings seen before, on disk, because making them takes
// seconds. Several processes may use one directory: a file appears whole or not
// at all, and any of them may go at any time. Nothing here throws: a cache that
// cannot be used is a cache that is empty.
class VoiceCache {
 public:
  struct Limits {
    std::size_t files = 64;
    std::uint64_t bytes = 64 << 20;
  };

  // An empty directory name turns the cache off.
  explicit VoiceCache(std::string directory = default_directory());
  VoiceCache(std::string directory, const Limits& limits);

  // $XDG_CACHE_HOME/gst-chatterbox/voices, ~/.cache without the variable, or
  // empty when neither is known.
  static std::string default_directory();

  // 32 hexadecimal digits that depend on every sample, the rate and the model.
  static std::string key(const Audio& reference, const std::string& model_id);

  std::optional<Conditionals> find(const std::string& key, const std::string& model_id,
                                   const ModelConfig& config) const;
  // Also removes those files that were used least recently, down to the limits.
  void store(const std::string& key, const Conditionals& voice, const std::string& model_id) const;

 private:
  std::string path(const std::string& key) const { return directory_ + "/" + key + ".voice"; }
  void shrink() const;

  std::string directory_;
  Limits limits_;
};

}  // namespace chatterbox
