// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/digest.h"

#include <glib.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "chatterbox/error.h"

namespace chatterbox::cli {

ContentDigest parse_etag(const std::string& etag) {
  std::string text = etag;
  if (text.starts_with("W/")) text.erase(0, 2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  std::transform(text.begin(), text.end(), text.begin(), g_ascii_tolower);
  const bool hexadecimal =
      std::all_of(text.begin(), text.end(), [](char c) { return g_ascii_isxdigit(c); });
  if (hexadecimal && text.size() == 64) return {ContentDigest::Kind::kSha256, text};
  if (hexadecimal && text.size() == 40) return {ContentDigest::Kind::kGitBlob, text};
  return {};
}

int parse_retry_after(const std::string& value, int most) {
  int seconds = 0;
  for (const char c : value) {
    if (!g_ascii_isdigit(c)) return 0;
    seconds = std::min(most, seconds * 10 + (c - '0'));
  }
  return seconds;
}

std::string digest_of_file(const std::string& path, ContentDigest::Kind kind) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::kNotFound, path + ": cannot be read");
  const bool git = kind == ContentDigest::Kind::kGitBlob;
  const std::unique_ptr<GChecksum, void (*)(GChecksum*)> sum(
      g_checksum_new(git ? G_CHECKSUM_SHA1 : G_CHECKSUM_SHA256), g_checksum_free);
  if (git) {
    const std::string header = "blob " + std::to_string(std::filesystem::file_size(path));
    g_checksum_update(sum.get(), reinterpret_cast<const guchar*>(header.c_str()),
                      gssize(header.size() + 1));  // with the zero behind it
  }
  std::vector<char> block(1 << 20);
  while (file.read(block.data(), std::streamsize(block.size())), file.gcount() > 0)
    g_checksum_update(sum.get(), reinterpret_cast<const guchar*>(block.data()), file.gcount());
  if (file.bad()) throw Error(ErrorCode::kBadFile, path + ": reading it failed");
  return g_checksum_get_string(sum.get());
}

}  // namespace chatterbox::cli
