// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <optional>

#include "operations/voice_table.h"
#include "rounds.h"

namespace chatterbox::sidecar {

class Voices;

// Keeps the folders of voices on this machine as the table says: what another machine cloned can
// be used here within a second.
class VoiceMirror {
 public:
  VoiceMirror(Voices& voices, VoiceTable& table);

  // Something has changed. Any thread.
  void wake() { rounds_.wake(); }

 private:
  Rounds::Pause make_round();
  void take_changes();
  void apply(const SharedVoice& voice);

  Voices& voices_;
  VoiceTable& table_;
  // The thread's: the last change that was looked at, and of a voice that could not be kept the
  // one before it, when it is tried again, and how much later once more.
  std::int64_t seen_ = 0;
  std::optional<std::int64_t> again_from_;
  std::chrono::steady_clock::time_point again_at_;
  Rounds::Pause again_after_;
  Rounds rounds_;
};

}  // namespace chatterbox::sidecar
