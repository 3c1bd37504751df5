// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice_cache.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "file_io.h"
#include "fnv.h"
#include "log.h"
#include "voice/voice_file.h"

namespace chatterbox {
namespace {

namespace fs = std::filesystem;

// Changes whenever the same recording would give other conditionals.
constexpr std::string_view kRevision = "conditionals 1";

}  // namespace

VoiceCache::VoiceCache(std::string directory) : VoiceCache(std::move(directory), Limits()) {}

VoiceCache::VoiceCache(std::string directory, const Limits& limits)
    : directory_(std::move(directory)), limits_(limits) {}

std::string VoiceCache::default_directory() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    // The specification says to ignore relative paths.
    return value != nullptr && value[0] == '/' ? value : "";
  };
  std::string base = variable("XDG_CACHE_HOME");
  if (base.empty()) {
    base = variable("HOME");
    if (base.empty()) return {};
    base += "/.cache";
  }
  return base + "/gst-chatterbox/voices";
}

std::string VoiceCache::key(const Audio& reference, const std::string& model_id) {
  Fnv128 hash;
  hash.add(kRevision);
  hash.add(model_id);
  hash.add(&reference.rate_hz, sizeof reference.rate_hz);
  hash.add(reference.samples.data(), reference.samples.size() * sizeof(float));
  return hash.hexadecimal();
}

std::optional<Conditionals> VoiceCache::find(const std::string& key, const std::string& model_id,
                                             const ModelConfig& config) const {
  if (directory_.empty()) return std::nullopt;
  const std::string file = path(key);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  try {
    Conditionals voice = decode_voice(read_file(file, kMaxVoiceBytes), file, model_id, config);
    fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);  // used just now
    return voice;
  } catch (const std::exception& error) {
    log(LogLevel::kWarning, std::string("dropping a cached voice: ") + error.what());
    fs::remove(file, ignored);
    return std::nullopt;
  }
}

void VoiceCache::store(const std::string& key, const Conditionals& voice,
                       const std::string& model_id) const {
  if (directory_.empty()) return;
  try {
    make_private_directory(directory_);
    write_file_atomically(path(key), encode_voice(voice, model_id));
    shrink();
  } catch (const std::exception& error) {
    log(LogLevel::kWarning, std::string("a voice is not cached: ") + error.what());
  }
}

void VoiceCache::shrink() const {
  struct File {
    fs::path path;
    fs::file_time_type used;
    std::uint64_t bytes;
  };
  std::vector<File> files;  // those of processes that died while writing, too
  std::error_code gone;     // by the hand of another process: skip
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_)) {
    if (!entry.is_regular_file(gone)) continue;
    const auto used = entry.last_write_time(gone);
    const auto bytes = gone ? 0 : entry.file_size(gone);
    if (!gone) files.push_back({entry.path(), used, bytes});
  }
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.used > b.used; });
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    bytes += files[i].bytes;
    // The newest stays, however large.
    if (i > 0 && (i >= limits_.files || bytes > limits_.bytes)) fs::remove(files[i].path, gone);
  }
}

}  // namespace chatterbox
