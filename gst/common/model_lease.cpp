// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_lease.h"

#include <utility>

#include "background.h"
#include "glib_raii.h"

#define GST_CAT_DEFAULT gst_chatterbox_debug

namespace chatterbox::gst {

namespace {

constexpr int kProgressStep = 5;
constexpr gulong kMainLoopMicroseconds = 20000;

// gst-launch-1.0 does not notice an error, and runs for ever, that comes before its main loop runs:
// while it changes the state of its pipeline, or shortly after.
void wait_for_main_loop(GstElement* element) {
  const std::shared_ptr<GstElement> top = outermost(element);
  GST_STATE_LOCK(top.get());
  GST_STATE_UNLOCK(top.get());
  g_usleep(kMainLoopMicroseconds);
}

}  // namespace

ModelLease::ModelLease(GstElement* element, const char* progress, std::function<void()> changed,
                       std::function<void(const Failure&)> report)
    : element_(element),
      changed_(std::move(changed)),
      report_(std::move(report)),
      progress_(element, progress, kProgressStep) {}

bool ModelLease::start(Request request) {
  const std::stop_source source;
  std::shared_ptr<SpeechModel> model;
  std::shared_ptr<void> outdated;
  {
    std::lock_guard lock(mutex_);
    const bool same = key_ == request.key && variant_ == request.variant;
    if (same && (product_ || load_.stop_possible())) return product_ != nullptr;
    failed_ = false;
    load_.request_stop();
    load_ = source;
    model = std::exchange(model_, nullptr);
    outdated = std::exchange(product_, nullptr);
    key_ = request.key;
    variant_ = request.variant;
  }
  progress_.begin("Loading the speech model " + request.key.path);
  // The thread keeps the element, and so this, alive; and what was in use until the new one is
  // there, so that the same weights are not read twice.
  run_in_background("chatterbox-load", [this, self = keep(element_), model, outdated, source,
                                        request = std::move(request)] { load(request, source); });
  return false;
}

void ModelLease::load(const Request& request, const std::stop_source& source) {
  const std::stop_callback at_exit(process_end(), [&source] { source.request_stop(); });
  const std::stop_token stop = source.get_token();
  try {
    auto model = acquire_model(request.key, [&](double fraction) {
      if (stop.stop_requested()) return false;
      progress_.advance(int(fraction * 100), "Loading the speech model");
      return true;
    });
    if (stop.stop_requested()) return;
    std::shared_ptr<void> product = request.make ? request.make(*model, stop) : model;
    if (stop.stop_requested()) return;
    if (!end(source, std::move(model), std::move(product))) return;
    GST_INFO_OBJECT(element_, "the speech model is ready");
    changed_();
    progress_.end(GST_PROGRESS_TYPE_COMPLETE, "The speech model is ready");
  } catch (...) {
    if (!stop.stop_requested()) fail(source, current_failure());
  }
}

bool ModelLease::end(const std::stop_source& source, std::shared_ptr<SpeechModel> model,
                     std::shared_ptr<void> product) {
  std::lock_guard lock(mutex_);
  if (load_ != source) return false;
  load_ = none();
  model_ = std::move(model);
  product_ = std::move(product);
  return true;
}

// The error is told before anybody can act on the failure.
void ModelLease::fail(const std::stop_source& source, const Failure& failure) {
  wait_for_main_loop(element_);
  if (source.stop_requested()) return;
  report_(failure);
  progress_.end(GST_PROGRESS_TYPE_ERROR, failure.message);
  {
    std::lock_guard lock(mutex_);
    if (load_ != source) return;
    load_ = none();
    failed_ = true;
  }
  changed_();
}

void ModelLease::cancel() {
  {
    std::lock_guard lock(mutex_);
    std::stop_source source = std::exchange(load_, none());
    if (!source.stop_possible()) return;
    source.request_stop();
  }
  progress_.end(GST_PROGRESS_TYPE_CANCELED, "Loading the speech model was cancelled");
}

void ModelLease::drop() {
  std::shared_ptr<SpeechModel> model;
  std::shared_ptr<void> product;
  std::lock_guard lock(mutex_);
  model.swap(model_);
  product.swap(product_);
}

void ModelLease::outdate() {
  std::lock_guard lock(mutex_);
  variant_ = "outdated";
}

bool ModelLease::failed() const {
  std::lock_guard lock(mutex_);
  return failed_;
}

}  // namespace chatterbox::gst
