// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "operations/voice_mirror.h"

#include <glib/gstdio.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "barrier.h"
#include "chatterbox/audio_file.h"
#include "chatterbox/error.h"
#include "jobs/storage_error.h"
#include "operations/voices.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kPause = std::chrono::milliseconds(500);
// A voice that could not be kept is tried again after the first, and so on up to the last.
constexpr auto kFirstAgain = std::chrono::seconds(5);
constexpr auto kLastAgain = std::chrono::minutes(10);

// A recording that was in a database, as a file while it is read.
class RecordingFile {
 public:
  explicit RecordingFile(const std::string& bytes) {
    gchar* name = nullptr;
    const int fd = g_file_open_tmp("chatterbox-voice-XXXXXX.flac", &name, nullptr);
    if (fd < 0) throw Error(ErrorCode::kNotFound, "expected a place for a recording, got none");
    path_ = name;
    g_free(name);
    g_close(fd, nullptr);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~RecordingFile() { std::remove(path_.c_str()); }
  RecordingFile(const RecordingFile&) = delete;
  RecordingFile& operator=(const RecordingFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

VoiceMirror::VoiceMirror(Voices& voices, VoiceTable& table)
    : voices_(voices),
      table_(table),
      again_after_(kFirstAgain),
      rounds_("voices", kPause, [this] { return make_round(); }) {}

void VoiceMirror::apply(const SharedVoice& voice) {
  VoiceLibrary library = voices_.folder_library(voice.folder);
  const bool known = library.contains(voice.about.name);
  const VoiceEntry own = known ? library.find(voice.about.name) : VoiceEntry{};
  if (voice.gone) {
    if (own.own) library.remove(own.id);
    return;
  }
  if (own.own && own.id == voice.about.id && own.description == voice.about.description &&
      Voices::recording_of(own).digest == voice.digest)
    return;
  const RecordingFile file(voice.recording);
  library.add(voice.about, read_audio_file(file.path()), true);
}

void VoiceMirror::take_changes() {
  for (;;) {
    const std::vector<SharedVoice> changes = table_.changed_after(seen_);
    if (changes.empty()) return;
    for (const SharedVoice& voice : changes) {
      try {
        apply(voice);
      } catch (...) {
        // A disk that is full here keeps one voice away for a while, not those that follow.
        log_exception("keeping a voice of another server");
        if (!again_from_) again_from_ = seen_;
      }
      seen_ = voice.change;
    }
  }
}

// A change that was applied already costs a look when it is applied again.
Rounds::Pause VoiceMirror::make_round() {
  using Clock = std::chrono::steady_clock;
  const bool waits = again_from_.has_value();
  if (waits && Clock::now() >= again_at_) {
    seen_ = *again_from_;
    again_from_.reset();
  }
  try {
    take_changes();
  } catch (const StorageError&) {
    // The pool of connections has logged it.
  }
  if (!again_from_) {
    again_after_ = kFirstAgain;
  } else if (!waits || Clock::now() >= again_at_) {
    again_at_ = Clock::now() + again_after_;
    again_after_ = std::min<Rounds::Pause>(2 * again_after_, kLastAgain);
  }
  return kPause;
}

}  // namespace chatterbox::sidecar
