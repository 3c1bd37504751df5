// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/keys.h"

#include <glib.h>

#include <fstream>

#include "chatterbox/error.h"

namespace chatterbox::sidecar {
namespace {

constexpr gsize kDigestBytes = 32;

std::string digest(std::string_view key) {
  GChecksum* checksum = g_checksum_new(G_CHECKSUM_SHA256);
  g_checksum_update(checksum, reinterpret_cast<const guchar*>(key.data()), gssize(key.size()));
  std::string bytes(kDigestBytes, '\0');
  gsize length = kDigestBytes;
  g_checksum_get_digest(checksum, reinterpret_cast<guint8*>(bytes.data()), &length);
  g_checksum_free(checksum);
  return bytes;
}

// Looks at every byte whatever the first ones are.
bool same(const std::string& a, const std::string& b) {
  unsigned char difference = 0;
  for (gsize i = 0; i < kDigestBytes; ++i) difference = (unsigned char)(difference | (a[i] ^ b[i]));
  return difference == 0;
}

std::string_view trim(std::string_view text) {
  constexpr const char* kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

Keys::Keys(const Config& config) {
  add(trim(config.api_key));
  if (config.api_key_file.empty()) return;
  std::ifstream file(config.api_key_file);
  if (!file)
    throw Error(ErrorCode::kNotFound,
                "api-key-file: expected a readable file, got '" + config.api_key_file + "'");
  for (std::string line; std::getline(file, line);)
    if (!line.starts_with('#')) add(trim(line));
  if (empty())
    throw Error(ErrorCode::kBadFile,
                "api-key-file: expected a key per line, got none in '" + config.api_key_file + "'");
}

void Keys::add(std::string_view key) {
  if (!key.empty()) digests_.push_back(digest(key));
}

int Keys::match(std::string_view authorization) const {
  std::string_view shown = trim(authorization);
  constexpr std::string_view kScheme = "bearer ";
  if (shown.size() >= kScheme.size() &&
      g_ascii_strncasecmp(shown.data(), kScheme.data(), kScheme.size()) == 0)
    shown = trim(shown.substr(kScheme.size()));
  const std::string wanted = digest(shown);
  int found = -1;
  for (std::size_t i = 0; i < digests_.size(); ++i)
    if (same(digests_[i], wanted)) found = int(i);
  return found;
}

}  // namespace chatterbox::sidecar
