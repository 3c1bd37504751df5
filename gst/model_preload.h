// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <memory>

#include "common.h"
#include "model_loader.h"

namespace chatterbox::gst {

// Loads a model in the background before it is needed, and keeps it for as long as this
// lives: acquire_model() of the same key then waits for this load, or not at all.
class ModelPreload {
 public:
  // `failed` is called in the loading thread, unless the load was given up.
  ModelPreload(const ModelKey& key, int threads, std::function<void(const Failure&)> failed);
  ~ModelPreload();
  ModelPreload(const ModelPreload&) = delete;
  ModelPreload& operator=(const ModelPreload&) = delete;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace chatterbox::gst
