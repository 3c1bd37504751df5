// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/voice_library.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>
#include <set>
#include <utility>

#include "chatterbox/audio_file.h"
#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "descriptor.h"
#include "file_io.h"
#include "fnv.h"
#include "library/voice_index.h"
#include "library/voice_name.h"
#include "log.h"

namespace chatterbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndexFile = "index.json";
constexpr const char* kVoiceSuffix = ".safetensors";
constexpr const char* kAddedType = "user_cloned_voice";

std::string eight_digits(std::uint32_t value) {
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", unsigned(value));
  return digits;
}

// The id of a file that was given none.
std::string id_of(std::string_view name) {
  Fnv32 hash;
  hash.add(name);
  return hash.hexadecimal();
}

std::string now_in_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// Entries of a directory's index; none when there is no index. Throws kBadFile.
std::vector<VoiceEntry> read_index(const fs::path& directory) {
  const fs::path path = directory / kIndexFile;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return {};
  return parse_voice_index(read_file(path.string(), kMaxIndexBytes), path.string());
}

// The voices of one directory, with whole paths.
std::vector<VoiceEntry> voices_in(const fs::path& directory, bool own) {
  std::vector<VoiceEntry> voices;
  try {
    voices = read_index(directory);
  } catch (const Error& error) {
    log(LogLevel::kWarning, std::string("an index of voices is skipped: ") + error.what());
  }
  std::set<std::string> mentioned;
  for (const VoiceEntry& voice : voices) mentioned.insert(voice.path);
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(directory, ignored)) {
    if (file.path().extension() != kVoiceSuffix || !file.is_regular_file(ignored) ||
        mentioned.count(file.path().filename().string()) > 0)
      continue;
    VoiceEntry voice;
    voice.name = file.path().stem().string();
    try {
      check_voice_name(voice.name);
    } catch (const Error& error) {
      log(LogLevel::kWarning, file.path().string() + " is left out: " + error.what());
      continue;
    }
    voice.id = id_of(voice.name);
    voice.type = "conditionals";
    voice.path = file.path().filename().string();
    voices.push_back(std::move(voice));
  }
  for (VoiceEntry& voice : voices) {
    voice.path = (directory / voice.path).string();
    voice.own = own;
  }
  return voices;
}

// One process at a time changes a directory; readers need no lock, as files are
// replaced whole. Let go when this ends, or its process.
class DirectoryLock {
 public:
  explicit DirectoryLock(const fs::path& directory)
      : file_(::open((directory / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (!file_.valid()) fail(directory);
    while (::flock(file_.get(), LOCK_EX) != 0)
      if (errno != EINTR) fail(directory);
  }

 private:
  [[noreturn]] static void fail(const fs::path& directory) {
    throw Error(ErrorCode::kBadFile,
                directory.string() + ": expected to change voices there: " + std::strerror(errno));
  }
  Descriptor file_;
};

void make_voice_directory(const std::string& directory) {
  if (directory.empty())
    throw Error(ErrorCode::kNotFound,
                "expected a directory for voices; set XDG_DATA_HOME or HOME, got neither");
  make_private_directory(directory);
}

void write_index(const fs::path& directory, const std::vector<VoiceEntry>& voices) {
  write_file_atomically((directory / kIndexFile).string(), encode_voice_index(voices));
}

[[noreturn]] void not_found(const std::string& name, const std::vector<VoiceEntry>& voices) {
  std::vector<std::string> names;
  for (const VoiceEntry& voice : voices) names.push_back(voice.name);
  const std::vector<std::string> near = near_names(name, names);
  std::string message = "Voice '" + name.substr(0, 200) + "' not found in any library";
  if (names.empty()) message += "; there are no voices in the places looked at";
  for (std::size_t i = 0; i < near.size(); ++i)
    message += (i > 0 ? ", '" : "; did you mean '") + near[i] + "'";
  throw Error(ErrorCode::kNotFound, message + (near.empty() ? "" : "?"));
}

std::string unused_id(const std::vector<VoiceEntry>& voices) {
  std::random_device random;
  for (;;) {
    const std::string id = eight_digits(random());
    if (std::none_of(voices.begin(), voices.end(),
                     [&](const VoiceEntry& voice) { return voice.id == id; }))
      return id;
  }
}

}  // namespace

VoiceLibrary::VoiceLibrary() : VoiceLibrary(own_voice_directory(), installed_voice_directories()) {}

VoiceLibrary::VoiceLibrary(std::string own, std::vector<std::string> installed)
    : own_(std::move(own)), installed_(std::move(installed)) {}

std::vector<VoiceEntry> VoiceLibrary::list() const {
  std::vector<std::pair<std::string, VoiceEntry>> found;
  std::set<std::string> names;
  const auto take = [&](const std::string& directory, bool own) {
    for (VoiceEntry& voice : voices_in(directory, own))
      if (std::string name = folded_name(voice.name); names.insert(name).second)
        found.emplace_back(std::move(name), std::move(voice));
  };
  if (!own_.empty()) take(own_, true);
  for (const std::string& directory : installed_) take(directory, false);
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<VoiceEntry> voices;
  for (auto& [name, voice] : found) voices.push_back(std::move(voice));
  return voices;
}

VoiceEntry VoiceLibrary::find(const std::string& name_or_id) const {
  std::vector<VoiceEntry> voices = list();
  const std::string name = folded_name(name_or_id);
  for (VoiceEntry& voice : voices)
    if (folded_name(voice.name) == name) return std::move(voice);
  if (is_voice_id(name_or_id))
    for (VoiceEntry& voice : voices)
      if (voice.id == lower_ascii(name_or_id)) return std::move(voice);
  not_found(name_or_id, voices);
}

bool VoiceLibrary::contains(const std::string& name_or_id) const {
  try {
    find(name_or_id);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kNotFound) throw;
    return false;
  }
}

std::string VoiceLibrary::path_of(const std::string& setting) const {
  std::error_code ignored;
  const bool file = fs::is_regular_file(setting, ignored);
  if (setting.find('/') != setting.npos) {
    if (file) return setting;
    throw Error(ErrorCode::kNotFound,
                "expected a voice file, got '" + setting + "', which does not exist");
  }
  return file && !contains(setting) ? setting : find(setting).path;
}

VoiceEntry VoiceLibrary::add(const NewVoice& voice, const Audio& recording, bool overwrite) {
  check_voice_name(voice.name);
  if (recording.samples.empty())
    throw Error(ErrorCode::kInvalidArgument, "voice: expected a recording, got no samples");
  const std::string clip = encode_audio(recording, AudioFormat::kFlac);
  make_voice_directory(own_);
  const fs::path directory(own_);
  const DirectoryLock lock(directory);

  std::vector<VoiceEntry> index = read_index(directory);
  const std::vector<VoiceEntry> all = list();
  const std::string name = folded_name(voice.name);
  const auto of_that_name = [&](const VoiceEntry& entry) {
    return folded_name(entry.name) == name;
  };
  if (!overwrite && std::any_of(all.begin(), all.end(), of_that_name))
    throw Error(ErrorCode::kInvalidArgument,
                "expected a new name for a voice, got '" + voice.name + "', which is taken");
  const auto old = std::find_if(index.begin(), index.end(), of_that_name);

  if (!voice.id.empty() && !is_voice_id(voice.id))
    throw Error(ErrorCode::kInvalidArgument,
                "expected an id of 8 hexadecimal digits, got '" + voice.id + "'");
  for (const VoiceEntry& other : all)
    if (other.id == voice.id && !of_that_name(other))
      throw Error(ErrorCode::kInvalidArgument, "expected an id that no other voice has, got '" +
                                                   voice.id + "' of '" + other.name + "'");

  VoiceEntry entry;
  entry.id = !voice.id.empty() ? voice.id : old != index.end() ? old->id : unused_id(all);
  entry.name = voice.name;
  entry.gender = voice.gender;
  entry.description = voice.description;
  entry.seconds = recording.seconds();
  entry.original_file = voice.original_file;
  entry.type = kAddedType;
  entry.provenance = voice.provenance;
  entry.created_at = now_in_utc();
  // Another recording is another file: readers of the old one go on.
  entry.path = entry.id + "-" + id_of(clip) + ".flac";

  const std::string replaced = old != index.end() ? old->path : "";
  if (old != index.end())
    *old = entry;
  else
    index.push_back(entry);
  write_file_atomically((directory / entry.path).string(), clip);
  std::error_code ignored;
  try {
    write_index(directory, index);
  } catch (...) {
    // A recording that no index mentions is nobody's.
    if (replaced != entry.path) fs::remove(directory / entry.path, ignored);
    throw;
  }
  if (!replaced.empty() && replaced != entry.path) fs::remove(directory / replaced, ignored);
  entry.path = (directory / entry.path).string();
  entry.own = true;
  return entry;
}

VoiceEntry VoiceLibrary::find_own(const std::string& name_or_id) const {
  VoiceEntry found = find(name_or_id);
  if (!found.own)
    throw Error(ErrorCode::kInvalidArgument, "expected a voice of the user's own, got '" +
                                                 found.name + "' of the installed library");
  return found;
}

VoiceEntry VoiceLibrary::rename(const std::string& name_or_id, const std::string& new_name) {
  check_voice_name(new_name);
  find_own(name_or_id);  // without it there may be no directory to lock
  const fs::path directory(own_);
  const DirectoryLock lock(directory);
  VoiceEntry voice = find_own(name_or_id);
  for (const VoiceEntry& other : list())
    if (folded_name(other.name) == folded_name(new_name) && other.path != voice.path)
      throw Error(ErrorCode::kInvalidArgument,
                  "expected a new name for a voice, got '" + new_name + "', which is taken");
  std::vector<VoiceEntry> index = read_index(directory);
  const std::string file = fs::path(voice.path).filename().string();
  const auto entry = std::find_if(index.begin(), index.end(),
                                  [&](const VoiceEntry& each) { return each.path == file; });
  voice.name = new_name;
  if (entry != index.end()) {
    entry->name = new_name;
  } else {
    // A file that no index mentions is named after itself; with an entry it keeps its id.
    index.push_back(voice);
    index.back().path = file;
  }
  write_index(directory, index);
  return voice;
}

void VoiceLibrary::remove(const std::string& name_or_id) {
  find_own(name_or_id);  // without it there may be no directory to lock
  const fs::path directory(own_);
  const DirectoryLock lock(directory);
  // Another process may have given the voice another recording meanwhile.
  const VoiceEntry voice = find_own(name_or_id);
  std::vector<VoiceEntry> index = read_index(directory);
  const std::string file = fs::path(voice.path).filename().string();
  const auto same = [&](const VoiceEntry& entry) { return entry.path == file; };
  if (const auto gone = std::remove_if(index.begin(), index.end(), same); gone != index.end()) {
    index.erase(gone, index.end());
    write_index(directory, index);
  }
  std::error_code ignored;
  fs::remove(voice.path, ignored);
}

}  // namespace chatterbox
