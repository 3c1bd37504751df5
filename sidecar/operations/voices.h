// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "chatterbox/engine.h"
#include "chatterbox/voice_library.h"
#include "operations/request.h"
#include "operations/voice_table.h"
#include "shares.h"

namespace chatterbox::sidecar {

// A voice ready to speak, and what answers call it.
struct ChosenVoice {
  Voice voice;
  std::string id = "none";
  std::string name = "none";
  // "voice_library", "reference_audio" or "built_in".
  std::string source;
  double reference_seconds = 0;
};

// Throws RequestError, naming the field, when no voice can be made of a recording: too little
// speech, silence, noise, clipping. As the element chatterboxclone judges.
void check_recording(const std::string& field, const Audio& recording, double min_seconds);

// The libraries of voices, one for each owner: everybody has the installed voices, and each owner
// the voices it cloned. The voices used last are kept in memory by the digest of their recording,
// so that the next request with one speaks at once. Any thread may call; `engine` is the caller's
// own.
class Voices {
 public:
  // Most voices, and bytes of their recordings, that all owners together may have added.
  struct Limits {
    int voices = 2000;
    std::int64_t bytes = std::int64_t(4) << 30;
  };
  // `directory`: of the user who runs the server. `shared`: a voice that one owner adds is
  // everybody's.
  Voices(std::string directory, std::vector<std::string> installed, bool shared,
         double max_audio_seconds);

  // Throws RequestError when there is no such voice or the reference is no audio.
  ChosenVoice choose(const std::string& owner, const VoiceChoice& choice, const Model& model,
                     Engine& engine, const std::stop_token& stop);

  VoiceLibrary library(const std::string& owner) const;
  // The library in which SharedVoice::folder is the own one.
  VoiceLibrary folder_library(const std::string& folder) const;
  // From now on what is cloned here is told to other machines. Before anybody asks.
  void share_with(VoiceTable& table) { table_ = &table; }
  // Brings a voice that was added to an owner's library to other machines; to be called before the
  // client is told. Throws StorageError, and Error when another machine has another voice of that
  // name: then the voice is removed here too.
  void added(const std::string& owner, const VoiceEntry& voice, bool replaced = false);
  // Removes one of an owner's, here and everywhere. Throws Error, StorageError.
  void remove(const std::string& owner, const VoiceEntry& voice);
  // The file of a voice and its digest, without the rest.
  static SharedVoice recording_of(const VoiceEntry& voice);
  static VoiceChoice translated(const VoiceLibrary& library, VoiceChoice choice);
  // Drops voices that were prepared for a model.
  void forget(const std::string& model_id);
  // From now on an owner may add its share of these.
  void limit(const Limits& limits, const Shares& shares) { limits_ = limits, shares_ = &shares; }
  // Throws RequestError when an owner has no room for one more.
  void check_room(const std::string& owner) const;
  double max_audio_seconds() const { return max_audio_seconds_; }

 private:
  std::string folder_of(const std::string& owner) const;
  // The one kept as `key`, which else is made once, however many ask meanwhile.
  ChosenVoice prepared(const std::string& key, const std::stop_token& stop,
                       const std::function<ChosenVoice()>& make);
  // Guarded by the caller's lock.
  std::optional<ChosenVoice> recall(const std::string& key);
  // Digest of a voice's recording; the file is read when it has changed.
  std::string digest_of(const VoiceEntry& voice);

  const std::string directory_;
  const std::vector<std::string> installed_;
  const bool shared_;
  double max_audio_seconds_;
  Limits limits_;
  const Shares* shares_ = nullptr;
  VoiceTable* table_ = nullptr;
  std::mutex mutex_;
  std::condition_variable_any made_;
  // Guarded by mutex_, to the end; most recent first.
  std::list<std::pair<std::string, ChosenVoice>> recent_;
  // Keys of voices that some thread makes at the moment.
  std::set<std::string> making_;
  // By path and time of the file.
  std::map<std::string, std::string> digests_;
};

}  // namespace chatterbox::sidecar
