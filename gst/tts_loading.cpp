// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The model of chatterboxtts: loaded in the background, reported as progress.
#include <utility>

#include "common.h"
#include "paths.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

constexpr const char* kProgressCode = "open";
// Least step between two progress messages, percent.
constexpr int kProgressStep = 5;

}  // namespace

bool TtsStream::start_load() {
  const TtsSettings settings = this->settings();
  SpeakerLoad::Request request;
  std::uint64_t serial = 0;
  std::shared_ptr<SpeechWorker> outdated;
  Failure failure;
  bool failed = false;
  try {
    request.key = {find_model(settings.model_path), settings.device, settings.dtype,
                   find_model_family(settings.model_family)};
    request.threads = int(settings.threads);
    failure.about_voice = true;
    request.voice_path = find_voice(settings.voice);
  } catch (const Error& error) {
    failure.code = error.code();
    failure.message = error.what();
    failed = true;
  }
  if (failed) post_error(element_, failure);
  {
    Lock lock(mutex_);
    load_failed_ = false;
    load_percent_ = 0;
    serial = ++load_serial_;
    if (!failed && worker_ && loaded_key_ == request.key) return true;
    outdated = std::exchange(worker_, nullptr);
    loaded_key_ = request.key;
  }
  outdated = nullptr;
  if (failed) return false;
  post_progress(GST_PROGRESS_TYPE_START, "Loading the speech model " + request.key.path, 0);

  // The callbacks keep the element, and so this, alive.
  std::shared_ptr<GstElement> self(GST_ELEMENT(gst_object_ref(element_)), gst_object_unref);
  SpeakerLoad::Callbacks callbacks;
  callbacks.progress = [this, self, serial](double fraction, std::string_view) {
    load_progress(serial, fraction);
  };
  callbacks.done = [this, self, serial](std::unique_ptr<Speaker> speaker) {
    load_done(serial, std::move(speaker));
  };
  callbacks.failed = [this, self, serial](const Failure& failure) { load_failed(serial, failure); };
  // Started under the lock, so that it cannot be done before load_ is set.
  Lock lock(mutex_);
  load_ = SpeakerLoad::start(std::move(request), std::move(callbacks));
  return true;
}

void TtsStream::load_progress(std::uint64_t serial, double fraction) {
  const int percent = int(fraction * 100);
  {
    Lock lock(mutex_);
    if (serial != load_serial_ || percent < load_percent_ + kProgressStep) return;
    load_percent_ = percent;
  }
  post_progress(GST_PROGRESS_TYPE_CONTINUE,
                "Loading the speech model, " + std::to_string(percent) + " %", percent);
}

void TtsStream::load_done(std::uint64_t serial, std::unique_ptr<Speaker> speaker) {
  auto worker = std::make_shared<SpeechWorker>(std::move(speaker));
  {
    Lock lock(mutex_);
    if (serial != load_serial_) return;
    load_ = nullptr;
    worker_ = std::move(worker);
    changed_.notify_all();
  }
  GST_INFO_OBJECT(element_, "the speech model is ready");
  post_progress(GST_PROGRESS_TYPE_COMPLETE, "The speech model is ready", 100);
}

void TtsStream::load_failed(std::uint64_t serial, const Failure& failure) {
  {
    Lock lock(mutex_);
    if (serial != load_serial_) return;
    load_ = nullptr;
  }
  post_error(element_, failure);
  post_progress(GST_PROGRESS_TYPE_ERROR, failure.message, -1);
  Lock lock(mutex_);
  load_failed_ = serial == load_serial_;
  changed_.notify_all();
}

void TtsStream::cancel_load() {
  std::shared_ptr<SpeakerLoad> load;
  {
    Lock lock(mutex_);
    load = std::exchange(load_, nullptr);
    if (load) ++load_serial_;
  }
  if (!load) return;
  load->cancel();
  post_progress(GST_PROGRESS_TYPE_CANCELED, "Loading the speech model was cancelled", -1);
}

void TtsStream::post_progress(GstProgressType type, const std::string& text, int percent) {
  GstMessage* message =
      gst_message_new_progress(GST_OBJECT(element_), type, kProgressCode, text.c_str());
  if (percent >= 0)
    gst_structure_set(gst_message_writable_structure(message), "percent", G_TYPE_INT, percent,
                      nullptr);
  gst_element_post_message(element_, message);
}

}  // namespace chatterbox::gst
