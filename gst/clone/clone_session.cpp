// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "clone_session.h"

#include <algorithm>
#include <utility>

#include "glib_raii.h"

#define GST_CAT_DEFAULT gst_chatterbox_clone_debug

namespace chatterbox::gst {

namespace {

// Recordings of higher rates are brought down to this one.
constexpr int kMostRateHz = 48000;

}  // namespace

CloneSession::CloneSession(GstElement* element, GstPad* src_pad)
    : element_(element),
      settings_(element, clone_properties()),
      reports_(element, src_pad),
      lease_(
          element, nullptr, [] {}, [this](const Failure& failure) { preload_failed(failure); }) {}

void CloneSession::get_property(const char* name, GValue* value) {
  if (g_str_equal(name, "state")) {
    Lock lock(mutex_);
    g_value_set_enum(value, int(state_));
  } else if (g_str_equal(name, "voice-id")) {
    Lock lock(mutex_);
    g_value_set_string(value, voice_id_.c_str());
  } else {
    settings_.show(name, value);
  }
}

void CloneSession::set_state(const Lock&, CloneState state) {
  state_ = state;
  changed_.notify_all();
}

bool CloneSession::enter_paused() {
  const CloneSettings settings = settings_.get();
  if (const auto failure = check_names(settings)) {
    reports_.failed(settings, *failure, {}, true);
    return false;
  }
  {
    Lock lock(mutex_);
    run_ = {};
    run_.active = true;
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

// Nobody waits for the voice any more. The job, if there is one, is to be cancelled.
std::shared_ptr<CloneJob> CloneSession::forget() {
  ++serial_;
  run_.recorder.reset();
  return std::exchange(run_.job, nullptr);
}

void CloneSession::leave_paused() {
  {
    Lock lock(mutex_);
    run_.active = false;
    if (const auto job = forget()) job->cancel();
    if (state_ == CloneState::kCollecting || state_ == CloneState::kSaving)
      set_state(lock, CloneState::kIdle);
    changed_.notify_all();
  }
  lease_.cancel();
  lease_.drop();
  reports_.cancelled();
  notify_state();
}

void CloneSession::preload(const CloneSettings& settings) {
  ModelLease::Request request;
  request.key = settings.key();
  lease_.start(std::move(request));
}

void CloneSession::preload_failed(const Failure& failure) {
  CloneSettings chosen;
  {
    Lock lock(mutex_);
    // A job that waits for the model fails by itself.
    if (!run_.active || state_ != CloneState::kCollecting) return;
    chosen = run_.chosen;
    run_.recorder.reset();
    set_state(lock, CloneState::kFailed);
  }
  reports_.failed(chosen, {CloneReason::kModel, failure}, {}, true);
  notify_state();
}

void CloneSession::collect_afresh(const Lock& lock) {
  run_.recorder.reset();
  set_state(lock, CloneState::kCollecting);
}

bool CloneSession::start() {
  const CloneSettings settings = settings_.get();
  std::optional<CloneFailure> failure = check_names(settings);
  if (settings.voice_name.empty() && settings.location.empty())
    failure = CloneFailure{CloneReason::kBadName,
                           {ErrorCode::kInvalidArgument, "expected voice-name, got nothing"}};
  if (failure) {
    reports_.failed(settings, *failure, {}, false);
    return false;
  }
  {
    Lock lock(mutex_);
    if (!run_.active || state_ == CloneState::kSaving) return false;
    run_.chosen = settings;
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
    if (const auto job = forget()) job->cancel();
    set_state(lock, CloneState::kIdle);
  }
  reports_.cancelled();
  notify_state();
}

void CloneSession::begin_saving(const Lock& lock) {
  CloneJob::Request request;
  request.settings = run_.chosen;
  request.model = run_.chosen.key();
  if (run_.recorder) {
    request.quality = run_.recorder->quality();
    request.recording = run_.recorder->take();
    run_.recorder.reset();
  }
  // Started under the lock, so that it cannot be done before run_.job and the state are
  // set; before the state, so that EOS does not wait for what could not be started.
  run_.job = CloneJob::start(std::move(request),
                             [this, self = keep(element_), serial = ++serial_](
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
    reports_.failed(request.settings, *result.failure, request.quality,
                    !is_about_recording(result.failure->reason));
  else
    reports_.created(request, result);
  {
    // Only now may EOS go on: what was told arrives before it.
    Lock lock(mutex_);
    if (serial != serial_) return;
    run_.job = nullptr;
    set_state(lock, result.failure ? CloneState::kFailed : CloneState::kDone);
  }
  notify_state();
}

void CloneSession::set_format(const GstAudioInfo& info) {
  int rate_hz = std::min(GST_AUDIO_INFO_RATE(&info), kMostRateHz);
  {
    Lock lock(mutex_);
    if (run_.recorder) rate_hz = tap_.rate_hz();  // what was begun goes on at its rate
  }
  tap_.open(info, rate_hz);
}

void CloneSession::hear(GstBuffer* buffer) {
  {
    Lock lock(mutex_);
    if (state_ != CloneState::kCollecting || run_.other_speaker) return;
  }
  if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP)) return;
  std::vector<float> samples;
  tap_.read(buffer, samples);
  bool full = false;
  int percent = -1;
  {
    Lock lock(mutex_);
    if (state_ != CloneState::kCollecting) return;
    if (!run_.recorder)
      run_.recorder = std::make_unique<VoiceRecorder>(
          tap_.rate_hz(), run_.chosen.duration_ms / 1000.0, run_.chosen.silence_threshold_db);
    full = !run_.recorder->push(samples);
    if (playing_)
      percent = std::clamp(int(run_.recorder->seconds() * 1e5 / run_.chosen.duration_ms), 0, 100);
  }
  if (percent >= 0) reports_.collected(percent);
  if (!full) return;
  GST_DEBUG_OBJECT(element_, "enough speech was collected");
  finish();
}

void CloneSession::speaker_changed(const char* speaker) {
  const std::string wanted = settings_.get().speaker;
  Lock lock(mutex_);
  run_.other_speaker = !wanted.empty() && (!speaker || wanted != speaker);
}

void CloneSession::end() {
  const bool save = settings_.get().save_on_eos;
  bool collecting = false;
  {
    Lock lock(mutex_);
    collecting = state_ == CloneState::kCollecting;
  }
  if (collecting && save) finish();
  if (collecting && !save) cancel();
  Lock lock(mutex_);
  changed_.wait(lock,
                [this] { return state_ != CloneState::kSaving || run_.flushing || !run_.active; });
}

void CloneSession::flush_start() {
  Lock lock(mutex_);
  run_.flushing = true;
  changed_.notify_all();
}

void CloneSession::flush_stop() {
  Lock lock(mutex_);
  run_.flushing = false;
  if (state_ == CloneState::kCollecting) collect_afresh(lock);
}

}  // namespace chatterbox::gst
