// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/paths.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// Directories of installed data: the one configured at build time, and those
// beside the library this code is in, so that an installed tree can be moved.
std::vector<fs::path> data_directories() {
  std::vector<fs::path> directories{CHATTERBOX_DATADIR};
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&find_model), &self) != 0 && self.dli_fname != nullptr) {
    std::error_code ignored;
    fs::path at = fs::absolute(self.dli_fname, ignored).parent_path();
    for (int up = 0; up < 5 && at.has_relative_path(); ++up, at = at.parent_path())
      directories.push_back(at / "share" / "gst-chatterbox");
  }
  return directories;
}

}  // namespace

std::string find_model(const std::string& setting) {
  if (!setting.empty()) return setting;
  if (std::string path = environment("CHATTERBOX_MODEL_PATH"); !path.empty()) return path;
  const auto directories = data_directories();
  std::error_code ignored;
  for (const auto& directory : directories)
    if (const auto path = directory / "models" / "embedded"; fs::is_directory(path, ignored))
      return path.string();
  throw Error(ErrorCode::kNotFound, "expected a model in '" +
                                        (directories.front() / "models" / "embedded").string() +
                                        "', got nothing; set model-path or CHATTERBOX_MODEL_PATH");
}

std::string find_model_family(const std::string& setting) {
  return setting.empty() ? environment("CHATTERBOX_MODEL_FAMILY") : setting;
}

std::string find_watermark(const std::string& setting, const std::string& model_path) {
  if (!setting.empty()) return setting;
  if (std::string path = environment("CHATTERBOX_WATERMARK_PATH"); !path.empty()) return path;
  std::error_code ignored;
  std::vector<fs::path> candidates;
  if (!model_path.empty()) {
    const fs::path model = fs::weakly_canonical(model_path, ignored);
    candidates = {model / "watermark", model.parent_path() / "watermark"};
  }
  for (const auto& directory : data_directories())
    candidates.push_back(directory / "models" / "watermark");
  for (const auto& path : candidates)
    if (fs::is_regular_file(path / "encoder.safetensors", ignored)) return path.string();
  throw Error(ErrorCode::kNotFound,
              "expected the watermark's weights in '" + candidates.front().string() +
                  "' or among the installed models, got nothing; set CHATTERBOX_WATERMARK_PATH, "
                  "or turn the watermark off");
}

std::string own_voice_directory() {
  std::string base = environment("XDG_DATA_HOME");
  // The specification says to ignore relative paths.
  if (base.empty() || base[0] != '/') {
    base = environment("HOME");
    if (base.empty()) return {};
    base += "/.local/share";
  }
  return base + "/gst-chatterbox/voices";
}

std::vector<std::string> installed_voice_directories() {
  std::vector<std::string> directories;
  const std::string listed = environment("CHATTERBOX_VOICES_PATH");
  for (std::size_t begin = 0; begin < listed.size();) {
    const std::size_t end = std::min(listed.find(':', begin), listed.size());
    if (end > begin) directories.push_back(listed.substr(begin, end - begin));
    begin = end + 1;
  }
  for (const auto& data : data_directories()) directories.push_back((data / "voices").string());
  return directories;
}

}  // namespace chatterbox
