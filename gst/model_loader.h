// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common.h"
#include "speaker.h"

namespace chatterbox::gst {

// What makes two elements share one copy of the weights.
struct ModelKey {
  std::string path;
  std::string device;
  std::string dtype;
  std::string family;
  auto operator<=>(const ModelKey&) const = default;
};

// The model of that key: the one some element holds already, or the one that is
// being loaded now, or a newly loaded one. Blocks; throws Error. A load is
// given up when `progress` of everyone who waits for it has returned false;
// each caller whose own returns false gets kCancelled at once.
std::shared_ptr<SpeakerModel> acquire_model(const ModelKey& key, int threads,
                                            const Model::Progress& progress);

// Loads a model and prepares a speaker in the background on behalf of one
// element, which may lose interest at any moment.
class SpeakerLoad {
 public:
  struct Request {
    ModelKey key;
    int threads = 0;
    // Voice file to read ahead; empty for the model's own.
    std::string voice_path;
  };
  // Called in the loading thread, never after cancel() has returned unless they
  // had begun before.
  struct Callbacks {
    std::function<void(double fraction, std::string_view what)> progress;
    std::function<void(std::unique_ptr<Speaker>)> done;
    std::function<void(const Failure&)> failed;
  };

  static std::shared_ptr<SpeakerLoad> start(Request request, Callbacks callbacks);
  // From then on nothing is reported. Returns at once.
  void cancel();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace chatterbox::gst
