// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "operations/voices.h"

#include <glib.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "audio/audio_decode.h"
#include "chatterbox/error.h"
#include "chatterbox/voice_recorder.h"
#include "descriptors.h"

namespace chatterbox::sidecar {
namespace {

// Each holds what its conditionals take, about 200 kB, and what the library
// prepared for it.
constexpr std::size_t kRemembered = 8;
constexpr std::size_t kDigests = 256;
// Shortest speech, without pauses, in the reference of one request.
constexpr double kLeastReferenceSeconds = 0.5;

std::string digest(const std::string& bytes) {
  gchar* text = g_compute_checksum_for_data(
      G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(bytes.data()), bytes.size());
  std::string result = text;
  g_free(text);
  return result;
}

// The same path may hold another recording tomorrow.
std::string file_key(const std::string& path) {
  std::error_code ignored;
  const auto time = std::filesystem::last_write_time(path, ignored);
  return path + "@" + std::to_string(time.time_since_epoch().count());
}

VoiceEntry find_entry(const VoiceLibrary& library, const VoiceChoice& choice) {
  const std::string& wanted = choice.id.empty() ? choice.name : choice.id;
  try {
    return library.find(wanted);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kNotFound) throw;
    // A library whose files cannot be opened looks empty.
    if (descriptors_exhausted())
      throw Error(ErrorCode::kOutOfMemory, "too many files are open; try again later");
    throw RequestError("Voice '" + wanted + "' not found in any library",
                       std::string(choice.id.empty() ? "voice_name" : "voice_id") +
                           ": expected a voice of list_local_voices; " + error.what());
  }
}

}  // namespace

Voices::Voices(std::string directory, std::vector<std::string> installed, bool shared,
               double max_audio_seconds)
    : directory_(std::move(directory)),
      installed_(std::move(installed)),
      shared_(shared),
      max_audio_seconds_(max_audio_seconds) {}

std::string Voices::folder_of(const std::string& owner) const {
  return shared_ || owner == kLocalOwner || directory_.empty() ? "" : owner;
}

VoiceLibrary Voices::library(const std::string& owner) const {
  return folder_library(folder_of(owner));
}

VoiceLibrary Voices::folder_library(const std::string& folder) const {
  if (folder.empty()) return VoiceLibrary(directory_, installed_);
  std::vector<std::string> everybodys{directory_};
  everybodys.insert(everybodys.end(), installed_.begin(), installed_.end());
  return VoiceLibrary(directory_ + "/" + folder, everybodys);
}

void Voices::check_room(const std::string& owner) const {
  if (!shares_) return;
  std::int64_t voices = 0, bytes = 0;
  for (const VoiceEntry& voice : library(owner).list()) {
    if (!voice.own) continue;
    std::error_code gone;
    const auto size = std::filesystem::file_size(voice.path, gone);
    ++voices;
    if (!gone) bytes += std::int64_t(size);
  }
  const auto refuse = [](const std::string& expected, std::int64_t got) {
    throw RequestError("Too many voices", "expected room for one more voice, got " +
                                              std::to_string(got) + " of " + expected +
                                              "; remove one that is not needed");
  };
  // A shared library has no owners.
  const auto share = [&](std::int64_t all) { return shared_ ? all : shares_->of(all); };
  if (voices >= share(limits_.voices)) refuse(std::to_string(share(limits_.voices)), voices);
  if (bytes >= share(limits_.bytes)) refuse(std::to_string(share(limits_.bytes)) + " bytes", bytes);
}

SharedVoice Voices::recording_of(const VoiceEntry& voice) {
  SharedVoice shared;
  std::ifstream file(voice.path, std::ios::binary);
  shared.recording.assign(std::istreambuf_iterator<char>(file), {});
  if (!file) throw Error(ErrorCode::kBadFile, voice.path + ": expected a recording, got none");
  shared.digest = digest(shared.recording);
  return shared;
}

void Voices::added(const std::string& owner, const VoiceEntry& voice, bool replaced) {
  if (!table_) return;
  SharedVoice shared = recording_of(voice);
  shared.folder = folder_of(owner);
  shared.about = {voice.name,          voice.gender,     voice.description,
                  voice.original_file, voice.provenance, voice.id};
  bool kept = false;
  try {
    kept = table_->put(shared, replaced);
  } catch (...) {
    if (!replaced) library(owner).remove(voice.id);
    throw;
  }
  if (kept) return;
  library(owner).remove(voice.id);
  throw Error(ErrorCode::kInvalidArgument,
              "expected a name that no voice has, got '" + voice.name + "'");
}

void Voices::remove(const std::string& owner, const VoiceEntry& voice) {
  if (table_) table_->remove(folder_of(owner), voice.name);
  try {
    library(owner).remove(voice.id);
  } catch (const Error& error) {
    // The thread that keeps the folder as the table says may have been faster.
    if (!table_ || error.code() != ErrorCode::kNotFound) throw;
  }
}

void check_recording(const std::string& field, const Audio& recording, double min_seconds) {
  const auto fault = recording_fault(recording_quality(recording), min_seconds);
  if (!fault) return;
  using Kind = RecordingFault::Kind;
  const char* what = fault->kind == Kind::kSilent    ? "Reference audio is silent"
                     : fault->kind == Kind::kNoisy   ? "Reference audio is too noisy"
                     : fault->kind == Kind::kClipped ? "Reference audio is distorted"
                                                     : "Reference audio too short";
  throw RequestError(what, field + ": " + fault->message);
}

std::optional<ChosenVoice> Voices::recall(const std::string& key) {
  const auto found = std::find_if(recent_.begin(), recent_.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  if (found == recent_.end()) return std::nullopt;
  recent_.splice(recent_.begin(), recent_, found);
  return found->second;
}

ChosenVoice Voices::prepared(const std::string& key, const std::stop_token& stop,
                             const std::function<ChosenVoice()>& make) {
  std::unique_lock lock(mutex_);
  if (!made_.wait(lock, stop, [&] { return !making_.contains(key); }))
    throw Error(ErrorCode::kCancelled, "stopped while its voice was made for another request");
  if (auto known = recall(key)) return *known;
  making_.insert(key);
  lock.unlock();
  // A thread that waits makes it where this fails.
  std::optional<ChosenVoice> chosen;
  std::exception_ptr failure;
  try {
    chosen = make();
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  making_.erase(key);
  made_.notify_all();
  if (failure) std::rethrow_exception(failure);
  recent_.emplace_front(key, *chosen);
  if (recent_.size() > kRemembered) recent_.pop_back();
  return *chosen;
}

std::string Voices::digest_of(const VoiceEntry& voice) {
  const std::string key = file_key(voice.path);
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = digests_.find(key); known != digests_.end()) return known->second;
  }
  std::string result = recording_of(voice).digest;
  const std::lock_guard lock(mutex_);
  if (digests_.size() >= kDigests) digests_.clear();
  return digests_[key] = std::move(result);
}

void Voices::forget(const std::string& model_id) {
  const std::lock_guard lock(mutex_);
  recent_.remove_if([&](const auto& entry) { return entry.first.starts_with(model_id + "/"); });
}

// Our voice for a name of another service.
VoiceChoice Voices::translated(const VoiceLibrary& library, VoiceChoice choice) {
  if (!choice.stands_for || !choice.id.empty() || library.contains(choice.name)) return choice;
  choice.name = library.contains(*choice.stands_for) ? *choice.stands_for : "";
  return choice;
}

ChosenVoice Voices::choose(const std::string& owner, const VoiceChoice& asked, const Model& model,
                           Engine& engine, const std::stop_token& stop) {
  const VoiceChoice choice = translated(library(owner), asked);
  if (!choice.id.empty() || !choice.name.empty()) {
    const VoiceLibrary library = this->library(owner);
    const VoiceEntry entry = find_entry(library, choice);
    ChosenVoice chosen = prepared(model.id() + "/library/" + digest_of(entry), stop, [&] {
      return ChosenVoice{library.voice(entry, engine, stop), "", "", "voice_library", 0};
    });
    // Others may have the same recording under another name.
    chosen.id = entry.id;
    chosen.name = entry.name;
    chosen.reference_seconds = entry.seconds;
    return chosen;
  }
  if (!choice.reference.empty()) {
    const std::string key =
        model.id() + "/" + digest(choice.reference) + "/" + std::to_string(choice.max_seconds);
    return prepared(key, stop, [&] {
      DecodeLimits limits;
      limits.seconds = std::min(choice.max_seconds, max_audio_seconds_);
      limits.cut = true;
      const Audio reference = decode_upload(choice.field, choice.reference, limits, stop);
      check_recording(choice.field, reference, kLeastReferenceSeconds);
      try {
        return ChosenVoice{engine.make_voice(reference, stop), "none", "none", "reference_audio",
                           reference.seconds()};
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kInvalidArgument) throw;
        throw RequestError("Reference audio too short",
                           std::string(choice.field) + ": " + error.what());
      }
    });
  }
  if (!model.builtin_voice())
    throw RequestError("A voice is required",
                       "expected voice_name, voice_id or reference_audio: this model has no voice "
                       "of its own");
  return ChosenVoice{*model.builtin_voice(), "none", "none", "built_in", 0};
}

}  // namespace chatterbox::sidecar
