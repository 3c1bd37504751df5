// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/keys.h"

#include <glib.h>

#include <algorithm>
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

// The key that a header shows.
std::string_view shown_key(std::string_view authorization) {
  std::string_view shown = trim(authorization);
  constexpr std::string_view kScheme = "bearer ";
  if (shown.size() >= kScheme.size() &&
      g_ascii_strncasecmp(shown.data(), kScheme.data(), kScheme.size()) == 0)
    shown = trim(shown.substr(kScheme.size()));
  return shown;
}

// A digest of a digest: what is stored beside jobs says nothing of the key.
std::string owner_name(const std::string& key_digest) {
  const std::string bytes = digest("owner of jobs\n" + key_digest);
  std::string name = "key-";
  for (std::size_t i = 0; i < 16; ++i) {
    constexpr const char* kHex = "0123456789abcdef";
    name += kHex[(unsigned char)bytes[i] >> 4];
    name += kHex[(unsigned char)bytes[i] & 15];
  }
  return name;
}

}  // namespace

Keys::Keys(const Config& config) : config_(config) { reload(); }

void Keys::reload() {
  std::vector<std::string> found;
  const auto add = [&](std::string_view key) {
    if (key.empty()) return;
    const std::string one = digest(key);
    if (std::find(found.begin(), found.end(), one) == found.end()) found.push_back(one);
  };
  add(trim(config_.api_key));
  if (!config_.api_key_file.empty()) {
    std::ifstream file(config_.api_key_file);
    if (!file)
      throw Error(ErrorCode::kNotFound,
                  "api-key-file: expected a readable file, got '" + config_.api_key_file + "'");
    for (std::string line; std::getline(file, line);)
      if (!line.starts_with('#')) add(trim(line));
    if (found.empty())
      throw Error(ErrorCode::kBadFile, "api-key-file: expected a key per line, got none in '" +
                                           config_.api_key_file + "'");
  }
  digests_ = std::move(found);
  const std::string_view metrics = trim(config_.metrics_key);
  metrics_digest_ = metrics.empty() ? "" : digest(metrics);
}

std::string Keys::owner(std::string_view authorization) const {
  const std::string wanted = digest(shown_key(authorization));
  const std::string* found = nullptr;
  for (const std::string& known : digests_)
    if (same(known, wanted)) found = &known;
  return found ? owner_name(*found) : "";
}

bool Keys::may_measure(std::string_view authorization) const {
  if (!metrics_digest_.empty()) return same(metrics_digest_, digest(shown_key(authorization)));
  // With one key, all figures are that customer's.
  return empty() || (count() == 1 && !owner(authorization).empty());
}

}  // namespace chatterbox::sidecar
