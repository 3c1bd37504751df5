// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "operations/voice_mirror.h"

#include <glib/gstdio.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "chatterbox/audio_file.h"
#include "chatterbox/error.h"
#include "jobs/storage_error.h"
#include "log.h"
#include "operations/voices.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kPause = std::chrono::milliseconds(500);

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
    : voices_(voices), table_(table), thread_([this] { loop(); }) {}

VoiceMirror::~VoiceMirror() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void VoiceMirror::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

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
      seen_ = voice.change;
      try {
        apply(voice);
      } catch (const Error& error) {
        // A disk that is full here keeps one voice away, not those that follow.
        log(Level::kWarning, std::string("a voice of another server is left out: ") + error.what());
      }
    }
  }
}

void VoiceMirror::loop() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    woken_ = false;
    lock.unlock();
    try {
      take_changes();
    } catch (const StorageError&) {
      // The pool of connections has logged it.
    }
    lock.lock();
    changed_.wait_for(lock, kPause, [this] { return woken_ || ending_; });
  }
}

}  // namespace chatterbox::sidecar
