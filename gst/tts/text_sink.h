// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>

#include "tts_core.h"

namespace chatterbox::gst {

// The sink pad of chatterboxtts: text becomes utterances in the queue, events go with them.
class TextSink {
 public:
  // `interrupt` stops speaking, with a flush downstream or without.
  TextSink(TtsCore& core, std::function<void(bool flush)> interrupt)
      : core_(core), interrupt_(std::move(interrupt)) {}

  // `whole`: the buffer is one utterance, as the buffers of a list are together.
  GstFlowReturn chain(OwnedBuffer buffer, bool whole = false);
  bool event(OwnedEvent event);
  bool query(GstQuery* query);

  // A chatterbox/... event from the application, in no order with the text. False when it is
  // unknown.
  bool command(GstEvent* event);
  // Speaks what has arrived although its sentence is not complete.
  void drain();
  // Speaks `text` after what has come. False when that is impossible: the element does not run, the
  // stream has ended, or very much waits already.
  bool say(const std::string& text);
  // All of the text of a source without upstream; EOS after it unless more may be said.
  void say_all(const std::string& text, bool and_end);

 private:
  using Lock = TtsCore::Lock;
  bool has_room() const;
  GstFlowReturn push_utterances(Lock& lock);
  void push_tail(Lock& lock);
  void queue_whole(const std::string& text);
  void warn_about_bytes(Lock& lock);
  bool push_event(OwnedEvent event);
  bool handle_segment(OwnedEvent event);
  bool handle_custom(GstEvent* event, bool in_order);
  void set_speaker_voice(const GstStructure* fields, const char* voice_field);

  TtsCore& core_;
  const std::function<void(bool flush)> interrupt_;
};

}  // namespace chatterbox::gst
