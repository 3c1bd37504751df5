// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "jobs/object_shelf.h"
#include "operations/voice_table.h"

namespace chatterbox::sidecar {

// A table of voices whose recordings are objects.
class ObjectVoices : public VoiceTable {
 public:
  ObjectVoices(VoiceTable& table, ObjectShelf& shelf) : table_(table), shelf_(shelf) {}
  bool put(const SharedVoice& voice, bool replace) override;
  void remove(const std::string& folder, const std::string& name) override {
    table_.remove(folder, name);
  }
  std::vector<SharedVoice> changed_after(std::int64_t change) override;

 private:
  VoiceTable& table_;
  ObjectShelf& shelf_;
};

}  // namespace chatterbox::sidecar
