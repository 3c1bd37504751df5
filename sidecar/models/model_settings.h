// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <vector>

#include "config.h"

namespace chatterbox::sidecar {

// The name of the model of the setting `model-path`, and of the first model in requests that name
// none.
inline constexpr const char* kDefaultModel = "chatterbox";

// One model that the server is to serve.
struct ModelSetting {
  std::string name, path;
  // As ModelOptions::family.
  std::string family;
};

// Models of the settings `model-path` and `model`, the default first; without either the installed
// model. Throws Error.
std::vector<ModelSetting> model_settings(const Config& config);

}  // namespace chatterbox::sidecar
