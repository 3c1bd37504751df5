// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "common.h"
#include "model_loader.h"
#include "progress.h"

namespace chatterbox::gst {

// A model for one element, loaded in the background: the weights, shared with other elements, and
// something made of them, the product. Kept until drop(), so that the same is there
// at once after READY. Any thread.
class ModelLease {
 public:
  struct Request {
    ModelKey key;
    // Names the settings that the product depends on besides the weights: others need a new one.
    std::string variant;
    // Makes the product, in the loading thread; none: the weights are all that is wanted. Throws.
    // `stop` is asked for when nobody waits any more, or the process ends.
    std::function<std::shared_ptr<void>(SpeechModel& model, const std::stop_token& stop)> make;
  };

  // `changed` is called, in the loading thread, when the product is there or has failed, and
  // `report` with a failure before that. `progress`: code of the PROGRESS messages; null: none.
  ModelLease(GstElement* element, const char* progress, std::function<void()> changed,
             std::function<void(const Failure&)> report);

  // Gives up the load before. Returns true when the product is the one of last time.
  bool start(Request request);
  // Returns at once; from then on nothing is reported unless that had begun.
  void cancel();
  // The product and the weights go, unless others have them.
  void drop();
  // The product is not to be used after the next start().
  void outdate();

  // Null until it is there.
  template <class Product>
  std::shared_ptr<Product> product() const {
    std::lock_guard lock(mutex_);
    return std::static_pointer_cast<Product>(product_);
  }
  bool failed() const;

 private:
  void load(const Request& request, const std::stop_source& source);
  bool end(const std::stop_source& source, std::shared_ptr<SpeechModel> model,
           std::shared_ptr<void> product);
  void fail(const std::stop_source& source, const Failure& failure);
  // The stop source while no load is under way: one without a state.
  static std::stop_source none() { return std::stop_source(std::nostopstate); }

  GstElement* const element_;
  const std::function<void()> changed_;
  const std::function<void(const Failure&)> report_;
  Progress progress_;
  mutable std::mutex mutex_;
  std::stop_source load_ = none();
  bool failed_ = false;
  ModelKey key_;
  std::string variant_;
  std::shared_ptr<SpeechModel> model_;
  std::shared_ptr<void> product_;
};

}  // namespace chatterbox::gst
