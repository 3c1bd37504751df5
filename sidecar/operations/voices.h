// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>

#include "chatterbox/engine.h"
#include "chatterbox/voice_library.h"
#include "operations/request.h"

namespace chatterbox::sidecar {

// A voice ready to speak, and what answers call it.
struct Speaker {
  Voice voice;
  std::string id = "none";
  std::string name = "none";
  // "voice_library", "reference_audio" or "built_in".
  std::string source;
  double reference_seconds = 0;
};

// The library, and the voices used last, kept in memory so that the next request
// with one speaks at once. Any thread may call; `engine` is the caller's own.
class Voices {
 public:
  Voices(VoiceLibrary library, double max_audio_seconds)
      : library_(std::move(library)), max_audio_seconds_(max_audio_seconds) {}

  // Throws RequestError when there is no such voice or the reference is no audio.
  Speaker choose(const VoiceChoice& choice, const Model& model, Engine& engine,
                 const std::function<bool()>& stopped);

  VoiceLibrary& library() { return library_; }
  double max_audio_seconds() const { return max_audio_seconds_; }

 private:
  std::optional<Speaker> recall(const std::string& key);
  void remember(const std::string& key, const Speaker& speaker);

  VoiceLibrary library_;
  double max_audio_seconds_;
  std::mutex mutex_;
  // Guarded by mutex_; most recent first.
  std::list<std::pair<std::string, Speaker>> recent_;
};

}  // namespace chatterbox::sidecar
