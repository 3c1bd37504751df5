// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "element_core.h"
#include "text_input.h"
#include "tts_settings.h"

namespace chatterbox::gst {

// An item that waits for the task of chatterboxtts: an event or an utterance.
struct TtsItem {
  OwnedEvent event;
  std::optional<Utterance> utterance;
};

struct TtsRun {
  bool text_source = false;  // speaks what it is told; nothing is linked
  bool received = false;     // anything came from upstream
  bool ended = false;        // EOS is out
  bool warned_bytes = false, warned_late = false;
  std::uint64_t epoch = 0;  // changes when text is dropped
  std::uint64_t next_id = 0;
  GstSegment in_segment = empty_segment(GST_FORMAT_UNDEFINED);
  TextInput input;
  std::map<std::string, std::string> speaker_voices;  // by speaker_key()
  std::set<std::string> bad_voices;                   // that there are not, or cannot be read
  std::string good_voice;                             // file of one that can
  std::string upstream_language;                      // of the stream's tags
  std::shared_ptr<SpeechJob> job;                     // that the task waits for
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
};

// State that the parts of chatterboxtts share. Text and serialized events enter the queue on the
// sink pad (text_sink.h); the task takes them out in order, speaks and pushes (narrator.h); state
// changes, flushes and interruptions act on both (tts_stream.h). The lease is of a SpeechThread.
struct TtsCore : ElementCore<TtsSettings, TtsItem, TtsRun> {
  TtsCore(GstElement* element, GstPad* sink_pad, GstPad* src_pad, Work work);

  // With the lock.
  std::size_t waiting_utterances();
  void enqueue(Utterance utterance);
  void queue_text();  // all of it, complete or not, however full the queue is
  void cancel_speech();
  void drop_text();
  bool is_timed(GstClockTime timestamp, Timing timing) const;
  // Without it.
  bool is_live() const { return settings.get(&TtsSettings::timing).force_live || upstream.live(); }
};

}  // namespace chatterbox::gst
