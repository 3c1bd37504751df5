// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "chatterbox/engine.h"
#include "support/temporary_directory.h"

namespace chatterbox::test {

// The model of `directory` with a config.json that `changes` was merged into (RFC 7396).
inline std::shared_ptr<const Model> changed_model(const std::string& directory,
                                                  const nlohmann::json& changes) {
  namespace fs = std::filesystem;
  const TemporaryDirectory temporary;
  for (const fs::directory_entry& file : fs::directory_iterator(directory))
    if (file.path().filename() != "config.json")
      fs::create_symlink(file.path(), temporary.path(file.path().filename()));
  auto config = nlohmann::json::parse(std::ifstream(fs::path(directory) / "config.json"));
  config.merge_patch(changes);
  std::ofstream(temporary.path("config.json")) << config;
  return Model::load(temporary.path(""));
}

}  // namespace chatterbox::test
