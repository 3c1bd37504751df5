// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "chatterbox/options.h"
#include "config.h"

namespace chatterbox {

// Names of options that the caller set and that mean nothing to the model: Turbo knows no
// exaggeration, English no top-k.
std::vector<std::string> unused_options(const ModelConfig& config, const SynthesisOptions& options);

// Warns once for each option: a slider that stays where it is should not warn with every sentence.
// Safe to use from any thread.
class UnusedOptionsWarning {
 public:
  void check(const ModelConfig& config, const SynthesisOptions& options);

 private:
  std::mutex lock_;
  std::set<std::string> warned_;  // guarded by lock_
};

}  // namespace chatterbox
