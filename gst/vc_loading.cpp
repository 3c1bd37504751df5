// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The model and the voices of chatterboxvc, read in the background.
#include <atomic>
#include <utility>

#include "background.h"
#include "common.h"
#include "paths.h"
#include "vc_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

namespace chatterbox::gst {

namespace {

constexpr const char* kProgressCode = "open";

// What a converter is made for; another needs a new one.
std::string key_of(const VcSettings& settings) {
  const ConversionOptions options = settings.conversion();
  return settings.voice + '\n' + std::to_string(settings.seed) + '\n' +
         std::to_string(options.lookahead) + '\n' + std::to_string(options.silence_threshold);
}

std::shared_ptr<GstElement> keep(GstElement* element) {
  return {GST_ELEMENT(gst_object_ref(element)), gst_object_unref};
}

}  // namespace

bool VcStream::start_load() {
  const VcSettings settings = this->settings();
  ModelKey key;
  std::string voice_path;
  Failure failure;
  bool failed = false;
  try {
    key = {find_model(settings.model_path), settings.device, settings.dtype,
           find_model_family(settings.model_family)};
    failure.about_voice = true;
    voice_path = find_voice(settings.voice);
  } catch (const Error& error) {
    failure.code = error.code();
    failure.message = error.what();
    failed = true;
  }
  std::uint64_t serial = 0;
  std::shared_ptr<Changer> outdated;
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  {
    Lock lock(mutex_);
    serial = ++load_serial_;
    if (!failed && changer_ && loaded_key_ == key && loaded_options_ == key_of(settings)) {
      changer_->reset();
      changer_->set_muted(false);
      return true;
    }
    outdated = std::exchange(changer_, nullptr);
    loaded_key_ = key;
    loaded_options_ = key_of(settings);
    load_cancelled_ = failed ? nullptr : cancelled;
  }
  if (failed) {
    post_error(element_, failure);
    return false;
  }
  post_progress(GST_PROGRESS_TYPE_START, "Loading the speech model " + key.path, 0);

  // The thread keeps the element, and so this, alive, and weights that were in
  // use until it has them too.
  run_in_background("chatterbox-load", [this, self = keep(element_), outdated, serial, cancelled,
                                        key, settings, voice_path] {
    bool about_voice = false;
    try {
      const auto model = acquire_model(
          key, int(settings.threads), [&](double, std::string_view) { return !cancelled->load(); });
      if (*cancelled) return;
      about_voice = true;
      std::shared_ptr<Changer> changer = model->make_changer(voice_path, settings.conversion());
      about_voice = false;
      if (*cancelled || process_is_ending()) return;
      changer->warm_up();
      while (const auto voice = load_done(serial, changer)) read_voice(*changer, *voice);
    } catch (...) {
      Failure problem = current_failure();
      problem.about_voice = about_voice;
      load_failed(serial, problem);
    }
  });
  return true;
}

// The voice that somebody asked for during the load comes before the first word: it is
// returned, to be read before this is called again.
std::optional<std::string> VcStream::load_done(std::uint64_t serial,
                                               const std::shared_ptr<Changer>& changer) {
  {
    Lock lock(mutex_);
    if (serial != load_serial_) return std::nullopt;
    if (awaited_voice_) return std::exchange(awaited_voice_, std::nullopt);
    load_cancelled_ = nullptr;
    changer_ = changer;
    changed_.notify_all();
  }
  GST_INFO_OBJECT(element_, "the speech model is ready");
  post_progress(GST_PROGRESS_TYPE_COMPLETE, "The speech model is ready", 100);
  return std::nullopt;
}

void VcStream::load_failed(std::uint64_t serial, const Failure& failure) {
  {
    Lock lock(mutex_);
    if (serial != load_serial_) return;
    load_cancelled_ = nullptr;
  }
  post_error(element_, failure);
  post_progress(GST_PROGRESS_TYPE_ERROR, failure.message, -1);
  Lock lock(mutex_);
  if (serial != load_serial_) return;
  loaded_options_.clear();
  flow_ = GST_FLOW_ERROR;
  changed_.notify_all();
}

void VcStream::cancel_load() {
  std::shared_ptr<std::atomic<bool>> cancelled;
  {
    Lock lock(mutex_);
    cancelled = std::exchange(load_cancelled_, nullptr);
    if (cancelled) ++load_serial_;
  }
  if (!cancelled) return;
  *cancelled = true;
  post_progress(GST_PROGRESS_TYPE_CANCELED, "Loading the speech model was cancelled", -1);
}

void VcStream::post_progress(GstProgressType type, const std::string& text, int percent) {
  GstMessage* message =
      gst_message_new_progress(GST_OBJECT(element_), type, kProgressCode, text.c_str());
  if (percent >= 0)
    gst_structure_set(gst_message_writable_structure(message), "percent", G_TYPE_INT, percent,
                      nullptr);
  gst_element_post_message(element_, message);
}

// Any thread. Speech goes on in the voice it has until the other has been read;
// of several requests the last one counts, also of those that came during the load.
void VcStream::request_voice(const std::string& voice) {
  std::shared_ptr<Changer> changer;
  std::uint64_t serial = 0;
  {
    Lock lock(mutex_);
    changer = changer_;
    serial = ++voice_serial_;
    loaded_options_.clear();  // the next start is in the voice of the property
    if (!changer) awaited_voice_ = voice;
  }
  if (!changer) return;
  run_in_background("chatterbox-voice", [this, self = keep(element_), changer, voice, serial] {
    {
      Lock lock(mutex_);
      if (serial != voice_serial_) return;
    }
    read_voice(*changer, voice);
  });
}

// For the task: speech that comes after this is in that voice.
GstFlowReturn VcStream::await_voice(const std::string& voice) {
  if (!at_work_) return GST_FLOW_OK;
  const auto done = std::make_shared<bool>(false);
  run_in_background("chatterbox-voice",
                    [this, self = keep(element_), changer = at_work_, voice, done] {
                      read_voice(*changer, voice);
                      Lock lock(mutex_);
                      *done = true;
                      changed_.notify_all();
                    });
  Lock lock(mutex_);
  loaded_options_.clear();
  changed_.wait(lock, [&] { return *done || flushing_; });
  return flushing_ ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

// A voice that cannot be read is no reason to fall silent.
void VcStream::read_voice(Changer& changer, const std::string& voice) {
  try {
    changer.set_voice(find_voice(voice));
    GST_INFO_OBJECT(element_, "speaks as '%s'", voice.c_str());
  } catch (...) {
    Failure failure = current_failure();
    failure.about_voice = true;
    post_warning(element_, failure);
  }
}

}  // namespace chatterbox::gst
