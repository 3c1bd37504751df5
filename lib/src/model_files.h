// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <vector>

#include "config.h"

namespace chatterbox {

// The files of one model, all present, and the configuration that fits them.
struct ModelFiles {
  ModelConfig config;
  std::string t3, s3gen, voice_encoder;
  std::vector<std::string> text;
  std::string voice;  // conds.pt; empty where there is none

  // All weights and what turns text into ids: what a model's id is made of.
  std::vector<std::string> weights_and_text() const;
};

// Tells by the T3 file, or by config.json, which model the directory holds. The hub's
// directory of English also holds Multilingual: `family` ("english", "turbo", "nano",
// "multilingual") chooses, English where it is empty. Throws kNotFound naming what is
// missing and which model it belongs to, kInvalidArgument for an unknown family, kBadFile.
ModelFiles find_model_files(const std::string& directory, const std::string& family);

}  // namespace chatterbox
