// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_id.h"

#include <cstdint>
#include <cstdio>
#include <fstream>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr std::uint64_t kMegabyte = 1 << 20;
constexpr std::uint64_t kSample = 4096;

// FNV-1a, 64 bits.
class Hash {
 public:
  void add(const char* bytes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      state_ ^= static_cast<unsigned char>(bytes[i]);
      state_ *= 0x100000001b3ULL;
    }
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

}  // namespace

std::string model_id(const std::vector<std::string>& paths) {
  Hash hash;
  std::vector<char> buffer(kMegabyte);
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw Error(ErrorCode::kNotFound, path + ": cannot be opened");
    const auto size = static_cast<std::uint64_t>(file.tellg());
    hash.add(reinterpret_cast<const char*>(&size), sizeof size);
    for (std::uint64_t offset = 0; offset < size; offset += kMegabyte) {
      file.clear();
      file.seekg(static_cast<std::streamoff>(offset));
      file.read(buffer.data(), static_cast<std::streamsize>(offset == 0 ? kMegabyte : kSample));
      hash.add(buffer.data(), static_cast<std::size_t>(file.gcount()));
    }
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash.value()));
  return text;
}

}  // namespace chatterbox
