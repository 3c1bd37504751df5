// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice_cache.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "file_io.h"
#include "log.h"
#include "voice/voice_file.h"

namespace chatterbox {
namespace {

namespace fs = std::filesystem;

// Changes whenever the same recording would give other conditionals.
constexpr std::string_view kRevision = "conditionals 1";

// FNV-1a of 128 bits (http://www.isthe.com/chongo/tech/comp/fnv/).
class Hash {
 public:
  void add(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i) state_ = (state_ ^ bytes[i]) * kPrime;
  }

  std::string hexadecimal() const {
    std::string digits;
    for (int shift = 124; shift >= 0; shift -= 4)
      digits += "0123456789abcdef"[unsigned(state_ >> shift) & 0xfU];
    return digits;
  }

 private:
  __extension__ using Word = unsigned __int128;
  static constexpr Word kPrime = (Word(1) << 88) + 0x13b;
  Word state_ = Word(0x6c62272e07bb0142) << 64 | 0x62b821756295c58d;
};

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
  Hash hash;
  hash.add(kRevision.data(), kRevision.size());
  hash.add(model_id.data(), model_id.size());
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
