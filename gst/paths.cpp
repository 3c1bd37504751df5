// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "paths.h"

#include <dlfcn.h>
#include <glib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <set>
#include <utility>

#include "chatterbox/error.h"

namespace chatterbox::gst {

namespace fs = std::filesystem;

namespace {

constexpr const char* kVoiceSuffix = ".safetensors";

bool has_directory(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool has_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Directories of installed data: the one configured at build time, and those
// beside the library this code is in, so that an installed tree can be moved.
std::vector<fs::path> data_directories() {
  std::vector<fs::path> directories{CHATTERBOX_DATADIR};
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&find_model), &self) && self.dli_fname) {
    std::error_code ignored;
    fs::path at = fs::absolute(self.dli_fname, ignored).parent_path();
    for (int up = 0; up < 5 && at.has_relative_path(); ++up, at = at.parent_path())
      directories.push_back(at / "share" / "gst-chatterbox");
  }
  return directories;
}

// Levenshtein's distance between bytes, letter case ignored.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const bool same = g_ascii_tolower(a[i]) == g_ascii_tolower(b[j]);
      const std::size_t here = std::min({row[j] + 1, row[j + 1] + 1, diagonal + (same ? 0 : 1)});
      diagonal = std::exchange(row[j + 1], here);
    }
  }
  return row.back();
}

std::set<std::string> installed_voices() {
  std::set<std::string> names;
  for (const auto& directory : voice_directories()) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(directory, ignored))
      if (entry.path().extension() == kVoiceSuffix) names.insert(entry.path().stem().string());
  }
  return names;
}

// "; did you mean ...?", or what there is.
std::string suggestions(const std::string& name) {
  const std::set<std::string> names = installed_voices();
  if (names.empty()) return "; no voices are installed in any of the places looked at";
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const auto& candidate : names)
    ranked.emplace_back(edit_distance(name, candidate), candidate);
  std::sort(ranked.begin(), ranked.end());
  constexpr std::size_t kShown = 3;
  const std::size_t near = std::max<std::size_t>(2, name.size() / 2);
  const bool any_near = ranked.front().first <= near;
  std::string text = any_near ? "; did you mean" : "; there are";
  for (std::size_t i = 0; i < std::min(kShown, ranked.size()); ++i) {
    if (any_near && ranked[i].first > near) break;
    text += (i ? ", '" : " '") + ranked[i].second + "'";
  }
  return text + (any_near ? "?" : ", ...");
}

}  // namespace

std::string find_model(const std::string& setting) {
  if (!setting.empty()) return setting;
  if (std::string path = environment("CHATTERBOX_MODEL_PATH"); !path.empty()) return path;
  const auto directories = data_directories();
  for (const auto& directory : directories)
    if (const auto path = directory / "models" / "embedded"; has_directory(path))
      return path.string();
  throw Error(ErrorCode::kNotFound, "expected a model in '" +
                                        (directories.front() / "models" / "embedded").string() +
                                        "', got nothing; set model-path or CHATTERBOX_MODEL_PATH");
}

std::vector<std::string> voice_directories() {
  std::vector<std::string> directories;
  const std::string listed = environment("CHATTERBOX_VOICES_PATH");
  for (std::size_t begin = 0; begin < listed.size();) {
    const std::size_t end = std::min(listed.find(':', begin), listed.size());
    if (end > begin) directories.push_back(listed.substr(begin, end - begin));
    begin = end + 1;
  }
  directories.push_back((fs::path(g_get_user_data_dir()) / "gst-chatterbox" / "voices").string());
  for (const auto& data : data_directories()) directories.push_back((data / "voices").string());
  return directories;
}

std::string find_voice(const std::string& setting) {
  if (setting.empty()) return "";
  if (has_file(setting)) return setting;
  const bool is_path = setting.find('/') != setting.npos;
  if (is_path)
    throw Error(ErrorCode::kNotFound,
                "expected a voice file, got '" + setting + "', which does not exist");
  for (const auto& directory : voice_directories())
    if (const auto path = fs::path(directory) / (setting + kVoiceSuffix); has_file(path))
      return path.string();
  throw Error(ErrorCode::kNotFound, "expected the name of a voice or a voice file, got '" +
                                        setting + "'" + suggestions(setting));
}

}  // namespace chatterbox::gst
