// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/model_settings.h"

#include <algorithm>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"

namespace chatterbox::sidecar {
namespace {

constexpr std::size_t kMostNameBytes = 64;
constexpr const char* kFamily = ",family=";

// Names stand in addresses and lists.
bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

// "NAME=DIR" or "NAME=DIR,family=FAMILY".
ModelSetting read_setting(const std::string& text) {
  const auto equals = text.find('=');
  ModelSetting setting;
  setting.name = text.substr(0, equals);
  if (equals == text.npos || !is_name(setting.name) || equals + 1 == text.size())
    throw Error(ErrorCode::kInvalidArgument,
                "model: expected NAME=DIR with a name of letters, digits, '-', '_' and '.', got '" +
                    text + "'");
  setting.path = text.substr(equals + 1);
  if (const auto comma = setting.path.rfind(kFamily); comma != setting.path.npos) {
    setting.family = setting.path.substr(comma + std::char_traits<char>::length(kFamily));
    setting.path.resize(comma);
  }
  setting.path = find_model(setting.path);
  return setting;
}

}  // namespace

std::vector<ModelSetting> model_settings(const Config& config) {
  std::vector<ModelSetting> all;
  if (!config.model_path.empty() || config.models.empty())
    all.push_back({kDefaultModel, find_model(config.model_path), config.model_family});
  for (std::size_t at = 0; at < config.models.size();) {
    const std::size_t end = std::min(config.models.find(';', at), config.models.size());
    if (end > at) {
      const ModelSetting setting = read_setting(config.models.substr(at, end - at));
      if (std::any_of(all.begin(), all.end(),
                      [&](const ModelSetting& other) { return other.name == setting.name; }))
        throw Error(ErrorCode::kInvalidArgument,
                    "model: expected each name once, got '" + setting.name + "' twice");
      all.push_back(setting);
    }
    at = end + 1;
  }
  return all;
}

}  // namespace chatterbox::sidecar
