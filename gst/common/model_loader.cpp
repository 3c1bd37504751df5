// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_loader.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "background.h"
#include "chatterbox/error.h"

namespace chatterbox::gst {

namespace {

// One load, run by the first who asked, awaited by the others.
struct Load {
  std::mutex mutex;
  std::condition_variable changed;
  int interested = 0;
  double fraction = 0;
  bool finished = false;
  std::shared_ptr<SpeechModel> model;
  std::exception_ptr error;
};

struct Registry {
  std::mutex mutex;
  std::map<ModelKey, std::weak_ptr<SpeechModel>> models;
  std::map<ModelKey, std::shared_ptr<Load>> loads;
};

// Outlives every thread that may still load while the process ends.
Registry& registry() {
  static Registry* registry = new Registry;
  return *registry;
}

// Everybody who waits for the load looks again.
void end_load(const ModelKey& key, const std::shared_ptr<Load>& load,
              std::shared_ptr<SpeechModel> model, std::exception_ptr error) {
  {
    std::lock_guard lock(registry().mutex);
    auto& loads = registry().loads;
    if (const auto slot = loads.find(key); slot != loads.end() && slot->second == load)
      loads.erase(slot);
    if (model) registry().models[key] = model;
  }
  std::lock_guard lock(load->mutex);
  load->finished = true;
  load->model = std::move(model);
  load->error = error;
  load->changed.notify_all();
}

void run_load(const ModelKey& key, const std::shared_ptr<Load>& load) {
  std::shared_ptr<SpeechModel> model;
  std::exception_ptr error;
  try {
    model = load_speech_model(key.path, key.options, [&](double fraction, std::string_view) {
      std::lock_guard lock(load->mutex);
      load->fraction = fraction;
      load->changed.notify_all();
      return load->interested > 0 && !process_is_ending();
    });
  } catch (...) {
    error = std::current_exception();
  }
  end_load(key, load, std::move(model), error);
}

}  // namespace

std::shared_ptr<SpeechModel> acquire_model(const ModelKey& key,
                                           const std::function<bool(double)>& progress) {
  std::shared_ptr<Load> load;
  bool first = false;
  {
    std::lock_guard lock(registry().mutex);
    if (auto model = registry().models[key].lock()) return model;
    auto& slot = registry().loads[key];
    // A load that everyone gave up is about to fail; it serves nobody new.
    if (slot) {
      std::lock_guard load_lock(slot->mutex);
      if (slot->interested == 0) slot = nullptr;
    }
    first = !slot;
    if (first) slot = std::make_shared<Load>();
    load = slot;
    std::lock_guard load_lock(load->mutex);
    ++load->interested;
  }
  if (first) {
    try {
      run_in_background("chatterbox-model", [=] { run_load(key, load); });
    } catch (...) {
      end_load(key, load, nullptr, std::current_exception());
    }
  }

  std::unique_lock lock(load->mutex);
  while (!load->finished) {
    const double fraction = load->fraction;
    lock.unlock();
    const bool go_on = progress(fraction) && !process_is_ending();
    lock.lock();
    if (!go_on) {
      --load->interested;
      throw Error(ErrorCode::kCancelled, "loading was cancelled");
    }
    load->changed.wait_for(lock, std::chrono::milliseconds(20),
                           [&] { return load->finished || load->fraction != fraction; });
  }
  --load->interested;
  if (load->error) std::rethrow_exception(load->error);
  return std::exchange(load->model, load->interested > 0 ? load->model : nullptr);
}

}  // namespace chatterbox::gst
