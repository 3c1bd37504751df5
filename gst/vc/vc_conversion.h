// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <vector>

#include "dry_mix.h"
#include "vc_core.h"

namespace chatterbox::gst {

// The task of chatterboxvc: converts stretches of speech and pushes them, and passes events on in
// their order.
class VcConversion {
 public:
  explicit VcConversion(VcCore& core) : core_(core) {}

  // While the task cannot run, with the lock: a new run, or what follows a flush.
  void reset() { state_ = {}; }

  // The functions of SourceTask::Work.
  GstFlowReturn handle(VcItem item);
  GstFlowReturn idle(VcCore::Lock& lock);

 private:
  using Lock = VcCore::Lock;
  using Kind = VcItem::Kind;
  // Belongs to one run, up to the next flush: reset by assignment.
  struct State {
    std::shared_ptr<VoiceConverter> converter;  // none yet for live speech that does not wait
    bool given = false;                         // it was given speech that it has not finished
    DryMix mix;
    bool speaking = false;      // inside a stretch
    GstClockTime begin = 0;     // timestamp of the stretch
    std::uint64_t emitted = 0;  // samples of the stretch at 24 kHz
    std::uint64_t origin = 0;   // of them, those before the converter's first
    bool bypassed = false;
    bool passing = false;  // overload lets the speaker's own voice through
    guint chunk_size = 0;
    bool warned_late = false;
  };

  GstFlowReturn work_on(VcItem& item);
  GstFlowReturn pass_on(OwnedEvent event);
  GstFlowReturn begin(const VcItem& item);
  GstFlowReturn convert(VcItem& item);
  GstFlowReturn skip(VcItem& item);
  GstFlowReturn finish();
  GstFlowReturn abandon();
  GstFlowReturn wait_for_converter();
  GstFlowReturn await_voice(const std::string& voice);
  std::stop_token stop();
  void apply_settings();
  GstFlowReturn emit(std::vector<float> converted);
  void watch_lateness(GstClockTime timestamp);

  VcCore& core_;
  State state_;
};

}  // namespace chatterbox::gst
