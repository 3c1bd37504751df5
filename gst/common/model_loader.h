// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common.h"
#include "synthesizer.h"

namespace chatterbox::gst {

// What makes two elements share one copy of the weights.
struct ModelKey {
  std::string path;
  std::string device;
  std::string dtype;
  std::string family;
  std::string attention;
  std::string quality;
  auto operator<=>(const ModelKey&) const = default;
};

// What a model may use; whoever loads it decides.
struct ModelResources {
  int threads = 0;
  std::int64_t voice_cache_bytes = ModelOptions::kVoiceCacheBytes;
};

// The model of that key: the one some element holds already, or the one that is
// being loaded now, or a newly loaded one. Blocks; throws Error. A load is
// given up when `progress` of everyone who waits for it has returned false;
// each caller whose own returns false gets kCancelled at once.
std::shared_ptr<SpeechModel> acquire_model(const ModelKey& key, const ModelResources& resources,
                                           const Model::Progress& progress);

}  // namespace chatterbox::gst
