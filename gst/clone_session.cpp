// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "clone_session.h"

#include <algorithm>
#include <utility>

#include "glib_raii.h"
#include "paths.h"

#define GST_CAT_DEFAULT gst_chatterbox_clone_debug

namespace chatterbox::gst {

namespace {

// Recordings of higher rates are brought down to this one.
constexpr int kMostRateHz = 48000;

}  // namespace

CloneSession::CloneSession(GstElement* element, GstPad* src_pad)
    : element_(element), src_pad_(src_pad) {}

CloneSession::~CloneSession() = default;

CloneSettings CloneSession::settings() {
  const ObjectLock lock(element_);
  return settings_;
}

void CloneSession::set_property(const char* name, const GValue* value) {
  const ObjectLock lock(element_);
  set_clone_property(settings_, name, value);
}

void CloneSession::get_property(const char* name, GValue* value) {
  if (g_str_equal(name, "state")) {
    Lock lock(mutex_);
    g_value_set_enum(value, int(state_));
  } else if (g_str_equal(name, "voice-id")) {
    Lock lock(mutex_);
    g_value_set_string(value, voice_id_.c_str());
  } else {
    const ObjectLock lock(element_);
    get_clone_property(settings_, name, value);
  }
}

void CloneSession::set_state(const Lock&, CloneState state) {
  state_ = state;
  changed_.notify_all();
}

void CloneSession::notify_state() { g_object_notify(G_OBJECT(element_), "state"); }

bool CloneSession::enter_paused() {
  const CloneSettings settings = this->settings();
  if (const auto failure = check_names(settings)) {
    report_failed(settings, *failure, {}, true);
    return false;
  }
  {
    Lock lock(mutex_);
    active_ = true;
    flushing_ = false;
    other_speaker_ = false;
    voice_id_.clear();
  }
  if (settings.voice_name.empty() && settings.location.empty()) {
    GST_INFO_OBJECT(element_, "nothing is collected until voice-name is set and start is called");
    return true;
  }
  return start();
}

void CloneSession::set_playing(bool playing) {
  Lock lock(mutex_);
  playing_ = playing;
}

void CloneSession::leave_paused() {
  std::unique_ptr<ModelPreload> preload;
  {
    Lock lock(mutex_);
    active_ = false;
    ++serial_;
    if (job_) job_->cancel();
    job_ = nullptr;
    recorder_.reset();
    preload.swap(preload_);
    if (state_ == CloneState::kCollecting || state_ == CloneState::kSaving)
      set_state(lock, CloneState::kIdle);
    changed_.notify_all();
  }
  end_progress(GST_PROGRESS_TYPE_CANCELED, "No voice was made");
  notify_state();
}

std::shared_ptr<GstElement> CloneSession::keep_alive() {
  return {GST_ELEMENT(gst_object_ref(element_)), gst_object_unref};
}

void CloneSession::preload(const CloneSettings& settings) {
  Lock lock(mutex_);
  if (preload_ || !active_) return;
  const ModelKey key{find_model(settings.model_path), settings.device, settings.dtype,
                     find_model_family(settings.model_family)};
  preload_ = std::make_unique<ModelPreload>(
      key, int(settings.threads),
      [this, self = keep_alive()](const Failure& failure) { preload_failed(failure); });
}

void CloneSession::preload_failed(const Failure& failure) {
  CloneSettings chosen;
  {
    Lock lock(mutex_);
    // A job that waits for the model fails by itself.
    if (!active_ || state_ != CloneState::kCollecting) return;
    chosen = chosen_;
    recorder_.reset();
    set_state(lock, CloneState::kFailed);
  }
  report_failed(chosen, {CloneReason::kModel, failure}, {}, true);
  notify_state();
}

void CloneSession::collect_afresh(const Lock& lock) {
  recorder_.reset();
  set_state(lock, CloneState::kCollecting);
}

bool CloneSession::start() {
  const CloneSettings settings = this->settings();
  std::optional<CloneFailure> failure = check_names(settings);
  if (settings.voice_name.empty() && settings.location.empty())
    failure = CloneFailure{CloneReason::kBadName,
                           {ErrorCode::kInvalidArgument, "expected voice-name, got nothing"}};
  if (failure) {
    report_failed(settings, *failure, {}, false);
    return false;
  }
  {
    Lock lock(mutex_);
    if (!active_ || state_ == CloneState::kSaving) return false;
    chosen_ = settings;
    collect_afresh(lock);
  }
  try {
    preload(settings);
  } catch (...) {
    preload_failed(current_failure());
    return false;
  }
  notify_state();
  return true;
}

bool CloneSession::finish() {
  {
    Lock lock(mutex_);
    if (state_ != CloneState::kCollecting) return false;
    begin_saving(lock);
  }
  notify_state();
  return true;
}

void CloneSession::cancel() {
  {
    Lock lock(mutex_);
    if (state_ != CloneState::kCollecting && state_ != CloneState::kSaving) return;
    ++serial_;
    if (job_) job_->cancel();
    job_ = nullptr;
    recorder_.reset();
    set_state(lock, CloneState::kIdle);
  }
  end_progress(GST_PROGRESS_TYPE_CANCELED, "No voice was made");
  notify_state();
}

void CloneSession::begin_saving(const Lock& lock) {
  CloneJob::Request request;
  request.settings = chosen_;
  request.model = {find_model(chosen_.model_path), chosen_.device, chosen_.dtype,
                   find_model_family(chosen_.model_family)};
  if (recorder_) {
    request.quality = recorder_->quality();
    request.recording = recorder_->take();
    recorder_.reset();
  }
  // Started under the lock, so that it cannot be done before job_ and the state are
  // set; before the state, so that EOS does not wait for what could not be started.
  job_ = CloneJob::start(std::move(request),
                         [this, self = keep_alive(), serial = ++serial_](
                             const CloneJob::Request& made_of, const CloneJob::Result& result) {
                           guarded(element_, [&] { job_done(serial, made_of, result); });
                         });
  set_state(lock, CloneState::kSaving);
}

void CloneSession::job_done(std::uint64_t serial, const CloneJob::Request& request,
                            const CloneJob::Result& result) {
  {
    Lock lock(mutex_);
    // Somebody has gone on to other things; that a voice was saved is still news.
    if (serial != serial_ && result.failure) return;
    if (!result.failure) voice_id_ = result.voice.id;
  }
  if (result.failure)
    report_failed(request.settings, *result.failure, request.quality,
                  !is_about_recording(result.failure->reason));
  else
    report_created(request, result);
  {
    // Only now may EOS go on: what was told arrives before it.
    Lock lock(mutex_);
    if (serial != serial_) return;
    job_ = nullptr;
    set_state(lock, result.failure ? CloneState::kFailed : CloneState::kDone);
  }
  notify_state();
}

void CloneSession::set_format(const GstAudioInfo& info) {
  int rate_hz = std::min(GST_AUDIO_INFO_RATE(&info), kMostRateHz);
  {
    Lock lock(mutex_);
    if (recorder_) rate_hz = tap_.rate_hz();  // what was begun goes on at its rate
  }
  tap_.open(info, rate_hz);
}

void CloneSession::hear(GstBuffer* buffer) {
  {
    Lock lock(mutex_);
    if (state_ != CloneState::kCollecting || other_speaker_) return;
  }
  if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP)) return;
  std::vector<float> samples;
  tap_.read(buffer, samples);
  bool full = false;
  {
    Lock lock(mutex_);
    if (state_ != CloneState::kCollecting) return;
    if (!recorder_)
      recorder_.emplace(tap_.rate_hz(), chosen_.duration_ms / 1000.0, chosen_.silence_threshold_db);
    full = !recorder_->push(samples);
  }
  report_progress();
  if (!full) return;
  GST_DEBUG_OBJECT(element_, "enough speech was collected");
  finish();
}

void CloneSession::speaker_changed(const char* speaker) {
  const std::string wanted = settings().speaker;
  Lock lock(mutex_);
  other_speaker_ = !wanted.empty() && (!speaker || wanted != speaker);
}

void CloneSession::end() {
  const bool save = settings().save_on_eos;
  bool collecting = false;
  {
    Lock lock(mutex_);
    collecting = state_ == CloneState::kCollecting;
  }
  if (collecting && save) finish();
  if (collecting && !save) cancel();
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return state_ != CloneState::kSaving || flushing_ || !active_; });
}

void CloneSession::flush_start() {
  Lock lock(mutex_);
  flushing_ = true;
  changed_.notify_all();
}

void CloneSession::flush_stop() {
  Lock lock(mutex_);
  flushing_ = false;
  if (state_ == CloneState::kCollecting) collect_afresh(lock);
}

}  // namespace chatterbox::gst
