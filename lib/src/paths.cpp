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

// The user's data; empty without a home.
std::string own_data_directory() {
  std::string base = environment("XDG_DATA_HOME");
  // The specification says to ignore relative paths.
  if (base.empty() || base[0] != '/') {
    base = environment("HOME");
    if (base.empty()) return {};
    base += "/.local/share";
  }
  return base + "/gst-chatterbox";
}

// A directory that is there is meant before a name.
std::string path_of_model(const std::string& setting) {
  std::error_code ignored;
  if (setting.find('/') != std::string::npos || setting.starts_with('.') ||
      fs::is_directory(setting, ignored))
    return setting;
  for (const fs::path directory : model_directories())
    if (const auto path = directory / setting; fs::is_directory(path, ignored))
      return path.string();
  for (const char* published : {"nano", "turbo", "english", "multilingual"})
    if (setting == published)
      throw Error(ErrorCode::kNotFound,
                  "expected a model's directory or the name of a model "
                  "that is here, got '" +
                      setting + "', which is not here yet: chatterbox models fetch " + setting);
  return setting;
}

}  // namespace

std::string find_model(const std::string& setting) {
  if (!setting.empty()) return path_of_model(setting);
  if (const std::string named = environment("CHATTERBOX_MODEL_PATH"); !named.empty())
    return path_of_model(named);
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

std::string find_attention(const std::string& setting) {
  std::string found = setting.empty() ? environment("CHATTERBOX_ATTENTION") : setting;
  return found.empty() ? "auto" : found;
}

std::string find_quality_name(const std::string& setting) {
  return setting.empty() ? environment("CHATTERBOX_QUALITY") : setting;
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

std::string own_model_directory() {
  const std::string data = own_data_directory();
  return data.empty() ? data : data + "/models";
}

std::string system_model_directory() { return "/var/lib/gst-chatterbox/models"; }

std::vector<std::string> model_directories() {
  std::vector<std::string> directories;
  if (std::string own = own_model_directory(); !own.empty()) directories.push_back(std::move(own));
  directories.push_back(system_model_directory());
  for (const auto& data : data_directories()) directories.push_back((data / "models").string());
  return directories;
}

std::string own_voice_directory() {
  const std::string data = own_data_directory();
  return data.empty() ? data : data + "/voices";
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
