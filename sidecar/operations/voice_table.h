// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chatterbox/voice_library.h"

namespace chatterbox::sidecar {

// A cloned voice as machines hand it to each other.
struct SharedVoice {
  // Folder of its owner; empty: everybody's.
  std::string folder;
  NewVoice about;
  // A file of audio, and its SHA-256.
  std::string recording, digest;
  // Not empty: the object that holds the recording instead.
  std::string object;
  // It was removed.
  bool gone = false;
  // Larger than that of every earlier change of any voice.
  std::int64_t change = 0;
};

// The cloned voices of all machines that share a store. Any thread may call; each call may wait
// for the database, and throws StorageError.
class VoiceTable {
 public:
  virtual ~VoiceTable() = default;
  // False when the folder has another voice of that name, unless it is to be replaced.
  virtual bool put(const SharedVoice& voice, bool replace) = 0;
  virtual void remove(const std::string& folder, const std::string& name) = 0;
  // A few, oldest change first; none when there is nothing new.
  virtual std::vector<SharedVoice> changed_after(std::int64_t change) = 0;
};

}  // namespace chatterbox::sidecar
