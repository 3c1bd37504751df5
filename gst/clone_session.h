// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/audio/audio.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "chatterbox/voice_recorder.h"
#include "clone_job.h"
#include "clone_settings.h"
#include "model_preload.h"
#include "mono_reader.h"

namespace chatterbox::gst {

// What chatterboxclone does beside passing audio on: it collects speech until there is
// enough, has a voice made of it, and tells everybody.
//
// Locks: OBJECT_LOCK guards `settings_` only. `mutex_` guards the rest, but for `tap_`, which
// belongs to the streaming thread. Neither is held while anything is pushed or posted.
class CloneSession {
 public:
  CloneSession(GstElement* element, GstPad* src_pad);
  ~CloneSession();

  void set_property(const char* name, const GValue* value);
  void get_property(const char* name, GValue* value);

  // State changes. enter_paused() returns false, and has posted why, when the
  // settings cannot lead to a voice. leave_paused() comes before pads are deactivated:
  // whoever waits in end() has to leave.
  bool enter_paused();
  void set_playing(bool playing);
  void leave_paused();

  // In the streaming thread.
  void set_format(const GstAudioInfo& info);
  void hear(GstBuffer* buffer);
  void speaker_changed(const char* speaker);
  // The stream has ended: returns when the voice is on disk, or there will be none.
  void end();

  // From any thread.
  void flush_start();
  void flush_stop();

  // Action signals. start() begins afresh, finish() makes the voice of what there
  // is: false when that is impossible now. cancel() forgets what was collected.
  bool start();
  bool finish();
  void cancel();

 private:
  using Lock = std::unique_lock<std::mutex>;

  CloneSettings settings();
  void collect_afresh(const Lock&);
  void begin_saving(const Lock&);
  void job_done(std::uint64_t serial, const CloneJob::Request& request,
                const CloneJob::Result& result);
  void set_state(const Lock&, CloneState state);
  // The property has changed: tell, without the lock.
  void notify_state();
  void preload(const CloneSettings& settings);
  void preload_failed(const Failure& failure);
  std::shared_ptr<GstElement> keep_alive();

  // Messages and events; called without locks.
  void report_progress();
  void post_progress(GstProgressType type, const std::string& text, int percent);
  void end_progress(GstProgressType type, const std::string& text);
  void report_created(const CloneJob::Request& request, const CloneJob::Result& result);
  void report_failed(const CloneSettings& settings, const CloneFailure& failure,
                     const RecordingQuality& quality, bool error);

  GstElement* const element_;
  GstPad* const src_pad_;
  CloneSettings settings_;

  std::mutex mutex_;
  std::condition_variable changed_;
  CloneState state_ = CloneState::kIdle;
  std::string voice_id_;
  bool active_ = false;  // PAUSED or PLAYING
  bool playing_ = false;
  bool flushing_ = false;
  bool other_speaker_ = false;  // upstream named one who is not ours
  CloneSettings chosen_;  // for what is collected now
  std::optional<VoiceRecorder> recorder_;
  std::shared_ptr<CloneJob> job_;
  std::uint64_t serial_ = 0;  // of the job whose end changes the state
  std::unique_ptr<ModelPreload> preload_;
  // Percent told last; below 0 before the first time.
  int percent_ = -1;

  MonoReader tap_;
};

}  // namespace chatterbox::gst
