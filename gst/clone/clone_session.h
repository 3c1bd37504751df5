// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/audio/audio.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "chatterbox/voice_recorder.h"
#include "clone_job.h"
#include "clone_reports.h"
#include "clone_settings.h"
#include "model_lease.h"
#include "mono_reader.h"

namespace chatterbox::gst {

// The work of chatterboxclone beside passing audio on: it collects speech until there is enough,
// has a voice made of it, and reports.
//
// `mutex_` guards what comes after it, but for `tap_`, which belongs to the streaming thread. It is
// not held while anything is pushed or posted.
class CloneSession {
 public:
  CloneSession(GstElement* element, GstPad* src_pad);

  void set_property(const char* name, const GValue* value) { settings_.set(name, value); }
  void get_property(const char* name, GValue* value);

  // State changes. enter_paused() returns false, and has posted why, when the
  // settings cannot lead to a voice. leave_paused() comes before pads are deactivated:
  // a thread that waits in end() has to leave.
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

  void collect_afresh(const Lock&);
  void begin_saving(const Lock&);
  void job_done(std::uint64_t serial, const CloneJob::Request& request,
                const CloneJob::Result& result);
  void set_state(const Lock&, CloneState state);
  // The property has changed: tell, without the lock.
  void notify_state() { g_object_notify(G_OBJECT(element_), "state"); }
  void preload(const CloneSettings& settings);
  void preload_failed(const Failure& failure);

  // Belongs to one run, from READY and back: reset by assignment.
  struct Run {
    bool active = false;  // PAUSED or PLAYING
    bool flushing = false;
    bool other_speaker = false;  // upstream named one who is not ours
    CloneSettings chosen;        // for the speech being collected
    std::unique_ptr<VoiceRecorder> recorder;
    std::shared_ptr<CloneJob> job;
  };
  std::shared_ptr<CloneJob> forget();

  GstElement* const element_;
  ElementSettings<CloneSettings> settings_;
  CloneReports reports_;
  ModelLease lease_;  // of the weights alone, so that they are there when speech is

  std::mutex mutex_;
  std::condition_variable changed_;
  CloneState state_ = CloneState::kIdle;
  std::string voice_id_;
  bool playing_ = false;
  std::uint64_t serial_ = 0;  // of the job whose end changes the state
  Run run_;

  MonoReader tap_;
};

}  // namespace chatterbox::gst
