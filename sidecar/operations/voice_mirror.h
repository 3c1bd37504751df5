// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "operations/voice_table.h"

namespace chatterbox::sidecar {

class Voices;

// Keeps the folders of voices on this machine as the table says: what another machine cloned can
// be used here within a second.
class VoiceMirror {
 public:
  VoiceMirror(Voices& voices, VoiceTable& table);
  ~VoiceMirror();
  VoiceMirror(const VoiceMirror&) = delete;
  VoiceMirror& operator=(const VoiceMirror&) = delete;

  // Something has changed. Any thread.
  void wake();

 private:
  void loop();
  void take_changes();
  void apply(const SharedVoice& voice);

  Voices& voices_;
  VoiceTable& table_;
  std::int64_t seen_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  bool woken_ = false, ending_ = false;
  std::thread thread_;
};

}  // namespace chatterbox::sidecar
