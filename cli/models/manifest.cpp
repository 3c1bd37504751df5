// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/manifest.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "published_manifest.h"

namespace chatterbox::cli {
namespace {

using nlohmann::json;

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::kNotFound, path + ": expected a manifest, found none");
  return {std::istreambuf_iterator<char>(file), {}};
}

// A name that is safe as the name of a file or a directory.
std::string plain_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (name.empty() || name[0] == '.' || !std::all_of(name.begin(), name.end(), allowed))
    throw Error(ErrorCode::kBadFile, "manifest: expected a plain file name, got \"" + name + "\"");
  return name;
}

PublishedFile read_file(const json& files, const std::string& name, const std::string& repository) {
  PublishedFile file{plain_name(name)};
  if (!files.contains(name)) return file;
  const json& versions = files[name].at("versions");
  file.listed = versions.contains(repository);
  if (!file.listed && versions.size() != 1) return file;
  const json& version = file.listed ? versions[repository] : versions.front();
  file.size = version.at(0).get<std::int64_t>();
  file.sha256 = version.at(1).get<std::string>();
  return file;
}

std::vector<PublishedModel> parse(json document) {
  std::vector<PublishedModel> models;
  for (const auto& [name, family] : document.at("families").items()) {
    PublishedModel model;
    model.name = plain_name(name);
    model.repository = family.at("repository").get<std::string>();
    model.revision = document.at("revisions").at(model.repository).get<std::string>();
    model.about = family.value("about", "");
    std::vector<std::string> names{family.at("t3").at(0).get<std::string>()};
    for (const json& other : family.at("others")) names.push_back(other.get<std::string>());
    for (const std::string& file : names)
      model.files.push_back(read_file(document["files"], file, model.repository));
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace

std::int64_t PublishedModel::size() const {
  std::int64_t sum = 0;
  for (const PublishedFile& file : files) sum += std::max<std::int64_t>(file.size, 0);
  return sum;
}

std::vector<PublishedModel> read_manifest(const std::string& path) {
  try {
    return parse(json::parse(path.empty() ? kPublishedManifest : read_text(path)));
  } catch (const json::exception& error) {
    throw Error(ErrorCode::kBadFile,
                path + ": expected a manifest of models, got: " + error.what());
  }
}

const PublishedModel& find_published(const std::vector<PublishedModel>& models,
                                     const std::string& name) {
  std::string names;
  for (const PublishedModel& model : models) {
    if (model.name == name) return model;
    names += (names.empty() ? "" : ", ") + model.name;
  }
  throw Error(ErrorCode::kInvalidArgument, "expected one of " + names + ", got '" + name + "'");
}

}  // namespace chatterbox::cli
