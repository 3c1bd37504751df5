// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "casting.h"
#include "tts_core.h"

namespace chatterbox::gst {

// The task of chatterboxtts: speaks one utterance after the other on the source pad, passes events
// on in their order, and fills the time in between where the stream is live.
class Narrator {
 public:
  explicit Narrator(TtsCore& core) : core_(core), casting_(core) {}

  // The functions of SourceTask::Work.
  GstFlowReturn handle(TtsItem item);
  GstFlowReturn idle(TtsCore::Lock& lock);
  bool holds(const TtsItem& item) const;

 private:
  using Lock = TtsCore::Lock;

  // The utterance the task is busy with.
  struct Speaking {
    Utterance& utterance;
    TtsSettings settings;
    bool live = false;
    bool begun = false;
    bool immediate = false;
    bool first_buffer = true;
    int attempt = 0;
    GstClockTime start = 0;
    GstClockTime end = GST_CLOCK_TIME_NONE;  // where it is clipped
    SpeechPiece gathered;

    // All of it is needed before any of it is pushed, to know how long it is.
    bool gathering() const { return utterance.job->request().front().fitted; }
  };

  GstFlowReturn pass_on(OwnedEvent event);
  GstFlowReturn pass_gap(GstEvent* event);
  GstFlowReturn prepare();
  GstFlowReturn advance_to(GstClockTime position);
  void mark_idle_time();

  GstFlowReturn speak(Utterance& utterance);
  GstFlowReturn wait_for_worker();
  GstFlowReturn speak_pieces(Speaking& speaking);
  GstFlowReturn take_piece(Speaking& speaking, SpeechPiece piece);
  bool try_again(Speaking& speaking, const Failure& failure);
  GstFlowReturn begin(Speaking& speaking, const SpeechPiece& first);
  GstClockTime start_time(Speaking& speaking);
  GstFlowReturn write_piece(Speaking& speaking, const SpeechPiece& piece);
  GstFlowReturn write_gathered(Speaking& speaking);
  GstFlowReturn end(Speaking& speaking, bool interrupted);
  GstFlowReturn give_up(Speaking& speaking, const Failure& failure);

  void report_late(GstClockTime start, GstClockTime now, GstClockTime duration);
  void post_utterance(const char* name, const Speaking& speaking, bool interrupted);
  SpeechOutput::Push pusher(Speaking& speaking);

  TtsCore& core_;
  Casting casting_;
};

}  // namespace chatterbox::gst
