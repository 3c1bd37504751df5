// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_preload.h"

#include <mutex>
#include <utility>

#include "background.h"

namespace chatterbox::gst {

struct ModelPreload::Shared {
  std::mutex mutex;
  bool given_up = false;
  std::shared_ptr<SpeakerModel> model;

  bool is_given_up() {
    std::lock_guard lock(mutex);
    return given_up;
  }
};

ModelPreload::ModelPreload(const ModelKey& key, int threads,
                           std::function<void(const Failure&)> failed)
    : shared_(std::make_shared<Shared>()) {
  run_in_background(
      "chatterbox-load", [key, threads, failed = std::move(failed), shared = shared_] {
        try {
          auto model = acquire_model(
              key, threads, [&](double, std::string_view) { return !shared->is_given_up(); });
          std::lock_guard lock(shared->mutex);
          if (!shared->given_up) shared->model.swap(model);
        } catch (...) {
          if (!shared->is_given_up()) failed(current_failure());
        }
      });
}

ModelPreload::~ModelPreload() {
  std::shared_ptr<SpeakerModel> model;
  std::lock_guard lock(shared_->mutex);
  shared_->given_up = true;
  model.swap(shared_->model);
}

}  // namespace chatterbox::gst
