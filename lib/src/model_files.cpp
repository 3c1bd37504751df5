// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_files.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include "chatterbox/error.h"
#include "text/tokenizer.h"

namespace chatterbox {
namespace {

namespace fs = std::filesystem;

// Newest first. Weights published for single regions have other names.
constexpr const char* kMultilingualT3[] = {"t3_mtl23ls_v3.safetensors",
                                           "t3_mtl23ls_v2.safetensors"};
// Weights of 2352 text tokens, for which no tokenizer is published any more.
constexpr const char* kOldMultilingualT3 = "t3_23lang.safetensors";
// Multilingual's regional packs come with this one alone.
constexpr const char* kRegionalS3Gen = "s3gen_v3.safetensors";

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_t3_of_another_family(const std::string& name) {
  for (const Family family : {Family::kEnglish, Family::kTurbo, Family::kNano})
    if (preset(family).files.t3 == name) return true;
  return name == kOldMultilingualT3;
}

// Empty where there is none. Throws where there are several and no name tells which.
std::string find_multilingual_t3(const fs::path& directory) {
  for (const char* name : kMultilingualT3)
    if (is_file(directory / name)) return name;
  std::vector<std::string> regional;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("t3_") && name.ends_with(".safetensors") && !is_t3_of_another_family(name))
      regional.push_back(name);
  }
  if (regional.size() > 1) {
    std::sort(regional.begin(), regional.end());
    throw Error(ErrorCode::kBadFile,
                directory.string() + ": expected one T3 file of multilingual, got " + regional[0] +
                    " and " + regional[1] +
                    "; say which in config.json: {\"family\": \"multilingual\", \"files\": "
                    "{\"t3\": \"...\"}}");
  }
  return regional.empty() ? "" : regional[0];
}

std::string find_t3(const fs::path& directory, Family family) {
  if (family == Family::kMultilingual) return find_multilingual_t3(directory);
  const std::string name = preset(family).files.t3;
  return is_file(directory / name) ? name : "";
}

struct Found {
  Family family;
  std::string t3;
};

// The models whose T3 file is there, those first that are taken first.
std::vector<Found> find_families(const fs::path& directory) {
  std::vector<Found> found;
  for (const Family family :
       {Family::kEnglish, Family::kTurbo, Family::kNano, Family::kMultilingual}) {
    const std::string t3 = find_t3(directory, family);
    if (!t3.empty()) found.push_back({family, t3});
  }
  return found;
}

[[noreturn]] void no_model(const fs::path& directory, std::optional<Family> wanted,
                           const std::vector<Found>& found) {
  std::string expected, got;
  for (const Family family :
       {Family::kEnglish, Family::kTurbo, Family::kNano, Family::kMultilingual})
    if (!wanted || *wanted == family)
      expected +=
          (expected.empty() ? "" : ", ") + preset(family).files.t3 + " (" + to_string(family) + ")";
  for (const Found& each : found)
    got += (got.empty() ? "" : ", ") + each.t3 + " (" + to_string(each.family) + ")";
  for (const char* pickled : {"t3_cfg.pt", "s3gen.pt", "ve.pt"})
    if (got.empty() && is_file(directory / pickled))
      got =
          std::string(pickled) + ", a pickled form that is not read; fetch the .safetensors files";
  throw Error(ErrorCode::kNotFound, directory.string() + ": expected " + expected +
                                        " in the model's directory, found " +
                                        (got.empty() ? "none" : got));
}

std::optional<Family> wanted_family(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const std::optional<Family> family = parse_family(name);
  if (!family)
    throw Error(ErrorCode::kInvalidArgument,
                "model family: expected one of " + family_names() + ", got \"" + name + "\"");
  return family;
}

// Which of several published forms of a file is there, where the configuration does not say so.
void take_what_is_there(ModelConfig& config, const fs::path& directory, const std::string& t3) {
  if (config.files.t3 == preset(config.family).files.t3) config.files.t3 = t3;
  if (config.family == Family::kMultilingual && !is_file(directory / config.files.s3gen) &&
      is_file(directory / kRegionalS3Gen))
    config.files.s3gen = kRegionalS3Gen;
}

ModelConfig read_config(const fs::path& directory, std::optional<Family> wanted) {
  const std::vector<Found> found = find_families(directory);
  const auto fitting = std::find_if(found.begin(), found.end(), [&](const Found& each) {
    return !wanted || *wanted == each.family;
  });
  const fs::path path = directory / "config.json";
  if (is_file(path)) {
    ModelConfig config =
        load_config(path.string(),
                    fitting != found.end() ? fitting->family : wanted.value_or(Family::kEnglish));
    if (wanted && *wanted != config.family)
      throw Error(ErrorCode::kNotFound, path.string() + ": expected family \"" +
                                            to_string(*wanted) + "\", got \"" +
                                            to_string(config.family) + "\"");
    for (const Found& each : found)
      if (each.family == config.family) take_what_is_there(config, directory, each.t3);
    return config;
  }
  if (fitting == found.end()) no_model(directory, wanted, found);
  ModelConfig config = preset(fitting->family);
  take_what_is_there(config, directory, fitting->t3);
  return config;
}

std::string required_file(const fs::path& directory, const std::string& name, Family family) {
  const fs::path path = directory / name;
  if (!is_file(path))
    throw Error(ErrorCode::kNotFound, directory.string() + ": expected a file " + name +
                                          " in the model's directory, which belongs to " +
                                          to_string(family) + ", found none");
  return path.string();
}

}  // namespace

std::vector<std::string> ModelFiles::weights_and_text() const {
  std::vector<std::string> all{t3, s3gen, voice_encoder};
  all.insert(all.end(), text.begin(), text.end());
  return all;
}

ModelFiles find_model_files(const std::string& path, const std::string& family) {
  const fs::path directory(path);
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored))
    throw Error(ErrorCode::kNotFound, path + ": expected a model's directory, found none");
  ModelFiles files;
  files.config = read_config(directory, wanted_family(family));
  const FileNames& names = files.config.files;
  const auto require = [&](const std::string& name) {
    return required_file(directory, name, files.config.family);
  };
  files.t3 = require(names.t3);
  files.s3gen = require(names.s3gen);
  files.voice_encoder = require(names.voice_encoder);
  for (const TextTokenizer::File& file : TextTokenizer::files(files.config.text.frontend))
    if (file.required || is_file(directory / file.name)) files.text.push_back(require(file.name));
  if (is_file(directory / "conds.pt")) files.voice = (directory / "conds.pt").string();
  return files;
}

}  // namespace chatterbox
