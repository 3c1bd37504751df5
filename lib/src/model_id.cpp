// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_id.h"

#include <cstdint>
#include <fstream>

#include "chatterbox/error.h"
#include "fnv.h"

namespace chatterbox {
namespace {

constexpr std::uint64_t kMegabyte = 1 << 20;
constexpr std::uint64_t kSample = 4096;

}  // namespace

std::string model_id(const std::vector<std::string>& paths) {
  Fnv64 hash;
  std::vector<char> buffer(kMegabyte);
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw Error(ErrorCode::kNotFound, path + ": cannot be opened");
    const auto size = static_cast<std::uint64_t>(file.tellg());
    hash.add(&size, sizeof size);
    for (std::uint64_t offset = 0; offset < size; offset += kMegabyte) {
      file.clear();
      file.seekg(static_cast<std::streamoff>(offset));
      file.read(buffer.data(), static_cast<std::streamsize>(offset == 0 ? kMegabyte : kSample));
      hash.add(buffer.data(), static_cast<std::size_t>(file.gcount()));
    }
  }
  return hash.hexadecimal();
}

}  // namespace chatterbox
