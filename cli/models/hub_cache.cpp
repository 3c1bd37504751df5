// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/hub_cache.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "models/digest.h"
#include "models/model_store.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// The cache keeps "blobs" named after their digest, and links to them for each revision.
bool is_what_its_blob_says(const fs::path& link) {
  std::error_code failed;
  const fs::path blob = fs::canonical(link, failed);
  if (failed) return false;
  const ContentDigest digest = parse_etag(blob.filename().string());
  return digest.kind != ContentDigest::Kind::kNone &&
         digest_of_file(blob.string(), digest.kind) == digest.hex;
}

}  // namespace

std::string hub_cache_directory() {
  if (std::string named = environment("HF_HUB_CACHE"); !named.empty()) return named;
  if (std::string named = environment("HUGGINGFACE_HUB_CACHE"); !named.empty()) return named;
  if (const std::string home = environment("HF_HOME"); !home.empty()) return home + "/hub";
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty())
    return cache + "/huggingface/hub";
  const std::string home = environment("HOME");
  return home.empty() ? home : home + "/.cache/huggingface/hub";
}

std::string find_in_hub_cache(const PublishedModel& model, const PublishedFile& file) {
  std::string folder = "models--" + model.repository;
  if (const auto slash = folder.find('/'); slash != std::string::npos)
    folder.replace(slash, 1, "--");
  const fs::path snapshots = fs::path(hub_cache_directory()) / folder / "snapshots";
  std::error_code ignored;
  const fs::path own = snapshots / model.revision / file.name;
  if (!fs::is_regular_file(own, ignored) && file.sha256.empty()) return {};
  if (file.sha256.empty()) return is_what_its_blob_says(own) ? own.string() : std::string();
  // Most revisions of a repository hold the same large files.
  for (const auto& revision : fs::directory_iterator(snapshots, ignored))
    if (const fs::path path = revision.path() / file.name;
        fs::is_regular_file(path, ignored) && is_published_file(path.string(), file))
      return path.string();
  return {};
}

}  // namespace chatterbox::cli
