// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tuple>

#include "synthesizer.h"

namespace chatterbox::gst {

// A model as an element wants it. Elements whose keys are equal share one copy of the weights;
// threads and memory are as the first of them has it.
struct ModelKey {
  std::string path;
  ModelOptions options;
  auto shared() const {
    return std::tie(path, options.device, options.dtype, options.family, options.attention,
                    options.quality);
  }
  bool operator<(const ModelKey& other) const { return shared() < other.shared(); }
  bool operator==(const ModelKey& other) const { return shared() == other.shared(); }
};

// The model of that key: the one some element holds already, or the one that is
// being loaded now, or a newly loaded one. Blocks; throws Error. A load is
// given up when `progress` of everyone who waits for it has returned false;
// each caller whose own returns false gets kCancelled at once.
std::shared_ptr<SpeechModel> acquire_model(const ModelKey& key,
                                           const std::function<bool(double fraction)>& progress);

}  // namespace chatterbox::gst
